// SPDX-License-Identifier: MIT
import type { Duplex, Readable } from 'node:stream';
import { withDeadline } from '../host/index.ts';
import { DEFAULT_LIMITS, Fault, type GuestJob, type GuestResult, type Limits } from '../model/index.ts';

/** An SSH channel on which a command runs: standard input and output, standard error apart, and an `exit` event before `close`. */
export type CommandChannel = Duplex & { readonly stderr: Readable };

/** A process id and its line feed. */
const LONGEST_HEAD = 32;

/** Reads the line with which a command begins, its process id; null for what is none. Pure. */
export function parsePid(line: string): number | null {
  return /^[1-9]\d{0,9}\r?$/.test(line) ? Number.parseInt(line, 10) : null;
}

/** A command in the guest. The first line that it prints is its process id (images/guest/exec-shim.c); the rest is its output. */
export class ChannelJob implements GuestJob {
  /** Settles when the command's process id has arrived, or when it has ended. */
  readonly started: Promise<void>;
  readonly #ended: Promise<GuestResult>;
  readonly #sendSignal: (pid: number, signal: string) => Promise<void>;
  readonly #out: Collected;
  readonly #err: Collected;
  #pid = 0;

  constructor(
    channel: CommandChannel,
    lostConnection: Promise<never>,
    sendSignal: (pid: number, signal: string) => Promise<void>,
    limits: Limits = DEFAULT_LIMITS,
  ) {
    this.#sendSignal = sendSignal;
    this.#out = new Collected(limits['output-mib']);
    this.#err = new Collected(limits['output-mib']);
    const begun = performance.now();
    const sawPid = new Promise<void>((resolve, reject) => {
      let head = '';
      channel.on('data', (chunk: Buffer) => {
        if (this.#pid !== 0) return this.#out.add(chunk);
        if (head.length > LONGEST_HEAD) return;
        head += chunk.toString('latin1'); // one character a byte, so that no byte of the output is changed
        const end = head.indexOf('\n');
        if (end < 0 && head.length <= LONGEST_HEAD) return;
        const pid = end < 0 ? null : parsePid(head.slice(0, end));
        if (pid === null) {
          head = ' '.repeat(LONGEST_HEAD + 1);
          reject(lostGuest('a command did not begin with its process id'));
          channel.destroy();
          return;
        }
        this.#pid = pid;
        this.#out.add(Buffer.from(head.slice(end + 1), 'latin1'));
        resolve();
      });
    });
    channel.stderr.on('data', (chunk: Buffer) => this.#err.add(chunk));
    channel.on('error', () => {}); // a write to a command that has ended; `close` follows
    let exit: Pick<GuestResult, 'exitCode' | 'signal'> | null = null;
    channel.on('exit', (code: number | null, signal?: string) => {
      exit = signal
        ? { exitCode: null, signal: /^(?:SIG)?([A-Z0-9+]{1,16})$/.exec(signal)?.[1] ?? 'UNKNOWN' }
        : { exitCode: code, signal: null };
    });
    const closed = new Promise<GuestResult>((resolve, reject) => {
      channel.once('close', () => {
        if (!exit) return reject(lostGuest('a command ended without an exit status'));
        const durationMs = Math.round(performance.now() - begun);
        resolve({ ...exit, ...this.output(), durationMs, timedOut: false });
      });
    });
    this.#ended = Promise.race([closed, lostConnection]);
    this.#ended.catch(() => {});
    this.started = Promise.race([sawPid, this.#ended.then(() => {})]);
    this.started.catch(() => {});
  }

  get pid(): number {
    return this.#pid;
  }

  async wait(timeoutMs: number): Promise<GuestResult | null> {
    return withDeadline(this.#ended, timeoutMs, () => null);
  }

  output(): { readonly stdout: string; readonly stderr: string } {
    return { stdout: this.#out.text, stderr: this.#err.text };
  }

  async kill(signal: string): Promise<void> {
    if (this.#pid > 0) await this.#sendSignal(this.#pid, signal);
  }
}

/** The text of a stream, up to a limit in bytes: a command that floods its output must not fill our memory. */
class Collected {
  text = '';
  readonly #decoder = new TextDecoder();
  readonly #limitMib: number;
  #left: number;

  constructor(limitMib: number) {
    this.#limitMib = limitMib;
    this.#left = limitMib * 1024 * 1024;
  }

  add(chunk: Uint8Array): void {
    if (this.#left < 0) return;
    this.text += this.#decoder.decode(chunk.subarray(0, this.#left), { stream: true });
    this.#left -= chunk.length;
    if (this.#left < 0)
      this.text += `\n[ktrial: output cut after ${this.#limitMib} MiB; --limit output-mib=${2 * this.#limitMib} raises this]\n`;
  }
}

/** The SSH session was lost; a command that was pending has not succeeded. */
export function lostGuest(detail: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'GUEST_CONNECTION_LOST',
    message: `the SSH connection to the guest was lost: ${detail}`,
  });
}
