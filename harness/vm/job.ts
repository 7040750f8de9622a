// SPDX-License-Identifier: MIT
import type { Duplex, Readable } from 'node:stream';
import { withDeadline } from '../host/index.ts';
import { Fault, type GuestJob, type GuestResult } from '../model/index.ts';

/** An SSH channel on which a command runs: standard input and output, standard error apart, and an `exit` event before `close`. */
export type CommandChannel = Duplex & { readonly stderr: Readable };

/** How much of each stream is kept, in characters: a command that floods its output must not fill our memory. */
const KEPT = 16 * 1024 * 1024;

/** A command in the guest. The first line that it prints is its process id (images/guest/exec-shim.c); the rest is its output. */
export class ChannelJob implements GuestJob {
  /** Settles when the command's process id has arrived, or when it has ended. */
  readonly started: Promise<void>;
  readonly #ended: Promise<GuestResult>;
  readonly #sendSignal: (pid: number, signal: string) => Promise<void>;
  readonly #out = new Collected();
  readonly #err = new Collected();
  #pid = 0;

  constructor(
    channel: CommandChannel,
    lostConnection: Promise<never>,
    sendSignal: (pid: number, signal: string) => Promise<void>,
  ) {
    this.#sendSignal = sendSignal;
    const begun = performance.now();
    const sawPid = new Promise<void>((resolve) => {
      let head = '';
      channel.on('data', (chunk: Buffer) => {
        if (this.#pid !== 0) return this.#out.add(chunk);
        head += chunk.toString('latin1'); // one character a byte, so that no byte of the output is changed
        const end = head.indexOf('\n');
        if (end < 0) return;
        this.#pid = Number(head.slice(0, end));
        this.#out.add(Buffer.from(head.slice(end + 1), 'latin1'));
        resolve();
      });
    });
    channel.stderr.on('data', (chunk: Buffer) => this.#err.add(chunk));
    channel.on('error', () => {}); // a write to a command that has ended; `close` follows
    let exit: Pick<GuestResult, 'exitCode' | 'signal'> | null = null;
    channel.on('exit', (code: number | null, signal?: string) => {
      exit = signal
        ? { exitCode: null, signal: signal.replace(/^SIG/, '') }
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

/** The text of a stream, up to `KEPT` characters. */
class Collected {
  text = '';
  readonly #decoder = new TextDecoder();

  add(chunk: Uint8Array): void {
    if (this.text.length > KEPT) return;
    this.text += this.#decoder.decode(chunk, { stream: true });
    if (this.text.length > KEPT) this.text = `${this.text.slice(0, KEPT)}\n[ktrial: output cut here]\n`;
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
