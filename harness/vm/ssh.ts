// SPDX-License-Identifier: MIT
import { createConnection } from 'node:net';
import { Client, type ClientChannel } from 'ssh2';
import { Fault, type Guest, type GuestJob, type GuestResult, type GuestRunOptions } from '../model/index.ts';
import type { MachineKeys } from './spec.ts';

export interface GuestAddress {
  readonly port: number;
  readonly keys: MachineKeys;
  readonly deadlineMs: number;
}

/** The program in the guest that runs a command as leader of its own process group and tells its pid first. */
const LEASH = '/usr/bin/leash';
/** A link that says nothing for this long is dead: keepalive interval times its count. */
const KEEPALIVE_MS = 5_000;
const KEEPALIVE_COUNT = 18;
/** How long opening a channel, or the end of a killed command, may take. */
const CHANNEL_MS = 120_000;
const KILL_GRACE_MS = 20_000;

/** Opens a session; the host must show the key that the run made. Faults: `GUEST_UNREACHABLE`, `GUEST_WRONG_KEY`. */
export function connectGuest(address: GuestAddress): Promise<SshGuest> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    let wrongKey = false;
    const fail = (message: string) => {
      client.destroy();
      reject(
        new Fault(
          wrongKey
            ? {
                blame: 'lab',
                code: 'GUEST_WRONG_KEY',
                message: "another SSH server than the machine's own answered",
              }
            : { blame: 'lab', code: 'GUEST_UNREACHABLE', message },
        ),
      );
    };
    client.once('ready', () => resolve(new SshGuest(client)));
    client.on('error', (error) => fail(`SSH: ${error.message}`));
    client.once('close', () => fail('SSH: the connection was closed'));
    client.connect({
      host: '127.0.0.1',
      port: address.port,
      username: 'root',
      privateKey: address.keys.clientPrivateKey,
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
        this.#dead ??= new Fault({
          blame: 'lab',
          code: 'GUEST_CONNECTION_LOST',
          message: `the SSH connection to the guest was lost: ${why}`,
        });
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
    const late = await job.wait(KILL_GRACE_MS);
    const output = late ?? job.output();
    return {
      exitCode: null,
      signal: null,
      stdout: output.stdout,
      stderr: output.stderr,
      durationMs: Math.round(performance.now() - startedAt),
      timedOut: true,
    };
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
    const job = await this.#startJob(
      `mkdir -p "$(dirname ${target})" && cat > ${target}${change}`,
      undefined,
      content,
    );
    const result = await job.wait(CHANNEL_MS);
    if (result?.exitCode !== 0) {
      throw new Fault({
        blame: 'scenario',
        code: 'GUEST_UPLOAD_FAILED',
        message: `${path} cannot be written in the guest: ${result?.stderr.trim() || 'it took too long'}`,
      });
    }
  }

  async close(): Promise<void> {
    this.#client.end();
  }

  /** An interactive shell with a terminal; resolves with its exit code. */
  async openShell(
    input: NodeJS.ReadableStream,
    output: NodeJS.WritableStream,
    size: { readonly rows: number; readonly cols: number },
  ): Promise<number> {
    const channel = await this.#open((done) => this.#client.shell({ term: 'linux', ...size }, done));
    return new Promise((resolve) => {
      let code = 0;
      channel.on('exit', (exitCode: number | null) => {
        code = exitCode ?? 1;
      });
      channel.once('close', () => resolve(code));
      channel.pipe(output, { end: false });
      input.pipe(channel);
    });
  }

  async #startJob(
    command: string,
    env: Readonly<Record<string, string>> = {},
    stdin?: string | Uint8Array,
  ): Promise<SshJob> {
    const variables = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}; `);
    const line = `${LEASH} ${quote(`${variables.join('')}${command}`)}`;
    const channel = await this.#open((done) => this.#client.exec(line, done));
    const job = new SshJob(channel, this.#lost, (pid, signal) => this.#signal(pid, signal));
    if (stdin !== undefined) channel.end(typeof stdin === 'string' ? stdin : Buffer.from(stdin));
    else channel.end();
    await job.started;
    return job;
  }

  async #signal(pid: number, signal: string): Promise<void> {
    const channel = await this.#open((done) => this.#client.exec(`kill -${signal} -- -${pid}`, done));
    await Promise.race([
      new Promise<void>((resolve) => channel.once('close', () => resolve()).resume()),
      this.#lost,
      pause(KILL_GRACE_MS),
    ]);
  }

  /** Opens a channel within a deadline: on a half-dead link the answer may never come. */
  #open(
    ask: (done: (error: Error | undefined, channel: ClientChannel) => void) => unknown,
  ): Promise<ClientChannel> {
    if (this.#dead) return Promise.reject(this.#dead);
    const opened = new Promise<ClientChannel>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(lost(`no channel was opened within ${CHANNEL_MS / 1000} s`)),
        CHANNEL_MS,
      );
      ask((error, channel) => {
        clearTimeout(timer);
        if (error) reject(lost(error.message));
        else resolve(channel);
      });
    });
    return Promise.race([opened, this.#lost]);
  }
}

/** A command in the guest. Its first line of output is its pid, and is ours. */
class SshJob implements GuestJob {
  readonly started: Promise<void>;
  readonly #ended: Promise<GuestResult>;
  readonly #signal: (pid: number, signal: string) => Promise<void>;
  #pid = 0;
  #stdout = '';
  #stderr = '';

  constructor(
    channel: ClientChannel,
    lostConnection: Promise<never>,
    signal: (pid: number, signal: string) => Promise<void>,
  ) {
    this.#signal = signal;
    const begun = performance.now();
    let exit: { readonly code: number | null; readonly signal: string | null } | null = null;
    const decoder = { out: new TextDecoder(), err: new TextDecoder() };
    let tellStarted: () => void = () => {};
    const sawPid = new Promise<void>((resolve) => {
      tellStarted = resolve;
    });
    let head: string | null = '';
    channel.on('data', (chunk: Buffer) => {
      const text = decoder.out.decode(chunk, { stream: true });
      if (head === null) {
        this.#stdout += text;
        return;
      }
      head += text;
      const end = head.indexOf('\n');
      if (end < 0) return;
      this.#pid = Number(head.slice(0, end));
      this.#stdout += head.slice(end + 1);
      head = null;
      tellStarted();
    });
    channel.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += decoder.err.decode(chunk, { stream: true });
    });
    channel.on('exit', (code: number | null, name?: string) => {
      exit = { code, signal: name ? name.replace(/^SIG/, '') : null };
    });
    const closed = new Promise<GuestResult>((resolve, reject) => {
      channel.once('close', () => {
        if (!exit) return reject(lost('a command ended without an exit status'));
        resolve({
          exitCode: exit.code,
          signal: exit.signal,
          stdout: this.#stdout,
          stderr: this.#stderr,
          durationMs: Math.round(performance.now() - begun),
          timedOut: false,
        });
      });
    });
    this.#ended = Promise.race([closed, lostConnection]);
    this.#ended.catch(() => {});
    this.started = Promise.race([sawPid, this.#ended.then(() => {})]);
  }

  get pid(): number {
    return this.#pid;
  }

  async wait(timeoutMs: number): Promise<GuestResult | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), timeoutMs);
    });
    try {
      return await Promise.race([this.#ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  output(): { readonly stdout: string; readonly stderr: string } {
    return { stdout: this.#stdout, stderr: this.#stderr };
  }

  async kill(signal: string): Promise<void> {
    if (this.#pid > 0) await this.#signal(this.#pid, signal);
  }
}

function lost(detail: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'GUEST_CONNECTION_LOST',
    message: `the SSH connection to the guest was lost: ${detail}`,
  });
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
