// SPDX-License-Identifier: MIT
import { createConnection, type Socket } from 'node:net';
import { type Algorithms, Client, type ClientChannel } from 'ssh2';
import { pause, withDeadline } from '../host/index.ts';
import {
  Fault,
  type Guest,
  type GuestJob,
  type GuestResult,
  type GuestRunOptions,
  type Limits,
  quoteArg,
} from '../model/index.ts';
import { ChannelJob, lostGuest } from './job.ts';
import type { MachineKeys } from './spec.ts';

/** The connection to an SSH server: a TCP port on the loopback address, or the socket of a serial port. */
export type SshTransport = { readonly port: number } | { readonly serial: Socket };

export interface GuestAddress {
  readonly transport: SshTransport;
  readonly keys: MachineKeys;
  readonly deadlineMs: number;
  readonly limits?: Limits;
  /** Instead of `ALGORITHMS`, to measure others. */
  readonly algorithms?: Algorithms;
}

/** The cheapest ones for a guest under emulation; docs/performance.md has the figures. */
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

// Times in milliseconds that are not scaled: they say when a connection is dead, which has the lab's blame, and are far
// longer than the slowest debug kernel under emulation needs. Whoever wants an answer sooner has a scaled limit.

/** A connection without an answer for the interval times the count is dead: 90 s. */
const KEEPALIVE_MS = 5_000;
const KEEPALIVE_COUNT = 18;
/** How much of a guest's words goes into a message. */
const QUOTED = 500;
/** For opening a channel, and for a command's process id. */
const CHANNEL_MS = 120_000;
/** From a command's SIGKILL to its end. */
const KILL_GRACE_MS = 20_000;

/**
 * Opens a session. The host must have the key that was made for this machine; ours is asked for over TCP alone, because a
 * serial port's socket is private to us. Faults: `GUEST_UNREACHABLE`, `GUEST_WRONG_KEY` (both lab).
 */
export function connectGuest(address: GuestAddress): Promise<Guest> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    let wrongKey = false;
    let refused = false;
    const fail = (why: string) => {
      client.destroy();
      const [code, message] = wrongKey
        ? ['GUEST_WRONG_KEY', "the SSH server's host key is not the one that was made for this machine"]
        : refused
          ? ['GUEST_WRONG_KEY', "the guest's SSH server refused our key"]
          : ['GUEST_UNREACHABLE', `SSH: ${why}`];
      reject(new Fault({ blame: 'lab', code, message }));
    };
    client.once('ready', () => resolve(new SshGuest(client, address.limits)));
    client.on('error', (error) => {
      refused = error.level === 'client-authentication';
      fail(error.message);
    });
    client.once('close', () => fail('the connection was closed'));
    const { transport } = address;
    client.connect({
      ...('port' in transport
        ? {
            host: '127.0.0.1',
            port: transport.port,
            privateKey: address.keys.clientPrivateKey,
            authHandler: ['publickey'] as const,
          }
        : { sock: transport.serial, authHandler: ['none'] as const }),
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

/** `answered`: a server sent its greeting; `refused`: the connection was refused or closed; `silent`: nothing came. */
export type SshProbe = 'answered' | 'refused' | 'silent';

/** Asks whether an SSH server still accepts connections on a TCP port. */
export function probeSshPort(port: number, deadlineMs: number): Promise<SshProbe> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const over = new AbortController();
    const finish = (answer: SshProbe) => {
      over.abort();
      socket.destroy();
      resolve(answer);
    };
    void pause(deadlineMs, over.signal).then(() => finish('silent'));
    socket.once('data', () => finish('answered'));
    socket.once('error', () => finish('refused'));
    socket.once('close', () => finish('refused'));
  });
}

/** An SSH session inside a machine. */
class SshGuest implements Guest {
  readonly #client: Client;
  readonly #limits: Limits | undefined;
  readonly #lost: Promise<never>;
  #dead: Fault | null = null;

  constructor(client: Client, limits: Limits | undefined) {
    this.#client = client;
    this.#limits = limits;
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
    const target = quoteArg(path);
    const change = mode === undefined ? '' : ` && chmod ${quoteArg(mode)} ${target}`;
    const command = `mkdir -p "$(dirname ${target})" && cat > ${target}${change}`;
    const job = await this.#startJob(command, undefined, content);
    const result = await job.wait(CHANNEL_MS);
    if (result?.exitCode === 0) return;
    await job.kill('KILL');
    throw new Fault({
      blame: 'scenario',
      code: 'GUEST_UPLOAD_FAILED',
      message: `${path} cannot be written in the guest: ${result?.stderr.trim().slice(0, QUOTED) || 'it took too long'}`,
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
        channel.on('error', () => {}); // input for a shell that has ended
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
        return { closed }; // in an object, so that #open does not await it
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
    const variables = Object.entries(env).map(([name, value]) => `export ${name}=${quoteArg(value)}; `);
    const line = `${variables.join('')}${command}`;
    const job = await this.#open(
      (done) => this.#client.exec(line, done),
      (channel) => {
        const taken = new ChannelJob(
          channel,
          this.#lost,
          (pid, signal) => this.#signal(pid, signal),
          this.#limits,
        );
        channel.end(typeof stdin === 'string' ? stdin : Buffer.from(stdin));
        return taken;
      },
    );
    await withDeadline(job.started, CHANNEL_MS, () => {
      throw lostGuest(`a command did not start within ${CHANNEL_MS / 1000} s`);
    });
    return job;
  }

  /** A server that runs as root forwards no signals, so a second command sends them. It prints its process id as well. */
  async #signal(pid: number, signal: string): Promise<void> {
    const { closed } = await this.#open(
      (done) => this.#client.exec(`kill -${quoteArg(signal)} -- -${pid}`, done),
      (channel) => {
        channel.on('error', () => {});
        channel.stderr.resume();
        return { closed: new Promise<void>((resolve) => channel.once('close', () => resolve()).resume()) };
      },
    );
    await withDeadline(Promise.race([closed, this.#lost]), KILL_GRACE_MS, () => {});
  }

  /**
   * Opens a channel within a deadline: on a dead connection the answer never comes. `take` must listen to it at once, because
   * a command's output, exit status and end may arrive together with the answer.
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
