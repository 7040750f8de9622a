// SPDX-License-Identifier: MIT
import { createConnection, type Socket } from 'node:net';
import { type Algorithms, Client, type ClientChannel } from 'ssh2';
import { Fault, type Guest, type GuestJob, type GuestResult, type GuestRunOptions } from '../model/index.ts';
import { ChannelJob, lostGuest, withDeadline } from './job.ts';
import type { MachineKeys } from './spec.ts';

/** Where an SSH server is spoken to: a port on the loopback address, or a serial port's connected socket. */
export type GuestWay = { readonly port: number } | { readonly serial: Socket };

export interface GuestAddress {
  readonly way: GuestWay;
  readonly keys: MachineKeys;
  readonly deadlineMs: number;
  /** Instead of the cheapest: for measuring. */
  readonly algorithms?: Algorithms;
}

/** What costs a guest under emulation least; the figures are in docs/performance.md. */
const ALGORITHMS: Algorithms = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes128-ctr', 'chacha20-poly1305@openssh.com'],
  hmac: ['hmac-sha2-256'],
  compress: ['none'],
};

/** A terminal's size in characters. */
interface ShellSize {
  readonly rows: number;
  readonly cols: number;
}

/** A link that says nothing for this long is dead: the interval times its count. A busy debug kernel is silent for long. */
const KEEPALIVE_MS = 5_000;
const KEEPALIVE_COUNT = 18;
/** How long opening a channel, or a command's first sign, may take, in milliseconds. */
const CHANNEL_MS = 120_000;
/** How long a killed command may take to end, in milliseconds. */
const KILL_GRACE_MS = 20_000;

/**
 * Opens a session; the host must show the key that the run made. At a serial port nobody is asked for a key: its socket
 * is ours alone. Faults: `GUEST_UNREACHABLE`, `GUEST_WRONG_KEY`.
 */
export function connectGuest(address: GuestAddress): Promise<Guest> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    let wrongKey = false;
    let refused = false;
    const fail = (why: string) => {
      client.destroy();
      const [code, message] = wrongKey
        ? ['GUEST_WRONG_KEY', "another SSH server than the machine's own answered"]
        : refused
          ? ['GUEST_WRONG_KEY', "the guest's SSH server refused our key"]
          : ['GUEST_UNREACHABLE', `SSH: ${why}`];
      reject(new Fault({ blame: 'lab', code, message }));
    };
    client.once('ready', () => resolve(new SshGuest(client)));
    client.on('error', (error) => {
      refused = error.level === 'client-authentication';
      fail(error.message);
    });
    client.once('close', () => fail('the connection was closed'));
    const { way } = address;
    client.connect({
      ...('port' in way
        ? {
            host: '127.0.0.1',
            port: way.port,
            privateKey: address.keys.clientPrivateKey,
            authHandler: ['publickey'] as const,
          }
        : { sock: way.serial, authHandler: ['none'] as const }),
      username: 'root',
      algorithms: { ...ALGORITHMS, ...address.algorithms },
      readyTimeout: address.deadlineMs,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVE_COUNT,
      hostVerifier: (key: Buffer) => {
        wrongKey = key.toString('base64') !== address.keys.hostPublicKey;
        return !wrongKey;
      },
    });
  });
}

export type SshProbe = 'answered' | 'refused' | 'silent';

/** Whether an SSH server still speaks first on a port, the connection is refused, or nothing comes at all. */
export function probeSshPort(port: number, deadlineMs: number): Promise<SshProbe> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const finish = (answer: SshProbe) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish('silent'), deadlineMs);
    socket.once('data', () => finish('answered'));
    socket.once('error', () => finish('refused'));
    socket.once('close', () => finish('refused'));
  });
}

/** An SSH session inside a machine. */
class SshGuest implements Guest {
  readonly #client: Client;
  readonly #lost: Promise<never>;
  #dead: Fault | null = null;

  constructor(client: Client) {
    this.#client = client;
    this.#lost = new Promise((_, reject) => {
      const die = (why: string) => {
        this.#dead ??= lostGuest(why);
        reject(this.#dead);
      };
      client.on('error', (error) => die(error.message));
      client.on('close', () => die('it was closed'));
    });
    this.#lost.catch(() => {});
  }

  async run(command: string, options: GuestRunOptions): Promise<GuestResult> {
    const startedAt = performance.now();
    const job = await this.#startJob(command, options.env, options.stdin);
    const result = await job.wait(options.timeoutMs);
    if (result) return result;
    await job.kill('KILL');
    await job.wait(KILL_GRACE_MS);
    const durationMs = Math.round(performance.now() - startedAt);
    return { exitCode: null, signal: null, ...job.output(), durationMs, timedOut: true };
  }

  start(
    command: string,
    options: { readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<GuestJob> {
    return this.#startJob(command, options.env);
  }

  async upload(content: string | Uint8Array, path: string, mode?: string): Promise<void> {
    const target = quote(path);
    const change = mode === undefined ? '' : ` && chmod ${quote(mode)} ${target}`;
    const command = `mkdir -p "$(dirname ${target})" && cat > ${target}${change}`;
    const job = await this.#startJob(command, undefined, content);
    const result = await job.wait(CHANNEL_MS);
    if (result?.exitCode === 0) return;
    await job.kill('KILL');
    throw new Fault({
      blame: 'scenario',
      code: 'GUEST_UPLOAD_FAILED',
      message: `${path} cannot be written in the guest: ${result?.stderr.trim() || 'it took too long'}`,
    });
  }

  async close(): Promise<void> {
    this.#client.end();
  }

  async openShell(
    input: NodeJS.ReadableStream,
    output: NodeJS.WritableStream,
    size: ShellSize,
  ): Promise<number> {
    const terminal = output as Partial<NodeJS.WriteStream>;
    const ended = this.#open(
      (done) => this.#client.shell({ term: 'linux', ...size }, done),
      (channel) => {
        const resize = () =>
          channel.setWindow(terminal.rows ?? size.rows, terminal.columns ?? size.cols, 0, 0);
        let exitCode: number | null = null;
        channel.on('exit', (code: number | null) => {
          exitCode = code ?? 1;
        });
        channel.on('error', () => {}); // typing into a shell that has ended
        channel.pipe(output, { end: false });
        input.pipe(channel);
        output.on('resize', resize);
        const closed = new Promise<number | null>((resolve) =>
          channel.once('close', () => {
            output.off('resize', resize);
            input.unpipe(channel);
            resolve(exitCode);
          }),
        );
        return { closed }; // in an object, so that opening does not wait for the end
      },
    );
    const exitCode = await (await ended).closed;
    if (exitCode === null) throw this.#dead ?? lostGuest('the shell ended without an exit status');
    return exitCode;
  }

  async #startJob(
    command: string,
    env: Readonly<Record<string, string>> = {},
    stdin: string | Uint8Array = '',
  ): Promise<ChannelJob> {
    const variables = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}; `);
    const line = `${variables.join('')}${command}`;
    const job = await this.#open(
      (done) => this.#client.exec(line, done),
      (channel) => {
        const taken = new ChannelJob(channel, this.#lost, (pid, signal) => this.#signal(pid, signal));
        channel.end(typeof stdin === 'string' ? stdin : Buffer.from(stdin));
        return taken;
      },
    );
    await withDeadline(job.started, CHANNEL_MS, () => {
      throw lostGuest(`a command showed no sign of life within ${CHANNEL_MS / 1000} s`);
    });
    return job;
  }

  /** A server that logs everybody in as root forwards no signals: a second command sends them. Its own pid comes first, too. */
  async #signal(pid: number, signal: string): Promise<void> {
    const { closed } = await this.#open(
      (done) => this.#client.exec(`kill -${quote(signal)} -- -${pid}`, done),
      (channel) => {
        channel.on('error', () => {});
        channel.stderr.resume();
        return { closed: new Promise<void>((resolve) => channel.once('close', () => resolve()).resume()) };
      },
    );
    await withDeadline(Promise.race([closed, this.#lost]), KILL_GRACE_MS, () => {});
  }

  /**
   * Opens a channel within a deadline: on a half-dead link the answer may never come. `take` listens to it at once,
   * because a command's output, exit status and end may already stand behind the answer.
   */
  #open<T>(
    ask: (done: (error: Error | undefined, channel: ClientChannel) => void) => unknown,
    take: (channel: ClientChannel) => T,
  ): Promise<T> {
    if (this.#dead) return Promise.reject(this.#dead);
    const opened = new Promise<T>((resolve, reject) => {
      ask((error, channel) => (error ? reject(lostGuest(error.message)) : resolve(take(channel))));
    });
    return withDeadline(Promise.race([opened, this.#lost]), CHANNEL_MS, () => {
      throw lostGuest(`no channel was opened within ${CHANNEL_MS / 1000} s`);
    });
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
