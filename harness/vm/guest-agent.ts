// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';
import { Fault } from '../model/index.ts';
import { withDeadline } from './job.ts';

/** The longest log that is believed, in bytes: the kernel's own limit for its ring is 2 GiB, and nobody has that. */
const LONGEST_LOG = 256 * 1024 * 1024;

/**
 * The guest's guest agent (images/guest/guest-agent.c), which takes orders about the machine as a whole at a serial port of its own:
 * one at a time, each by a letter. One that does not answer in time is given up, and whoever asks next is refused.
 */
export class GuestAgent {
  readonly #socket: Socket;
  #heard: Buffer[] = [];
  #gone = false;
  #wake: () => void = () => {};
  #last: Promise<unknown> = Promise.resolve();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#heard.push(chunk);
      this.#wake();
    });
    socket.once('close', () => {
      this.#gone = true;
      this.#wake();
    });
  }

  /** False once it was given up or has died. */
  get isThere(): boolean {
    return !this.#gone;
  }

  /** Gives a thawed machine the time and randomness of its own. Fault: `CLONE_NOT_REVIVED` (lab). */
  async revive(order: Uint8Array, timeoutMs: number): Promise<void> {
    const answer = await this.#order('r', order, timeoutMs).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    if (answer !== 'k') throw notRevived(answer);
  }

  /** The kernel's log as the kernel keeps it, each line with its level in front. Fault: `GUEST_AGENT_SILENT` (lab). */
  async readLog(timeoutMs: number): Promise<Buffer> {
    return this.#inTurn(timeoutMs, async () => {
      this.#socket.write('l');
      if ((await this.#take(1)).toString('latin1') !== 'k') throw silent('the kernel does not tell its log');
      const length = (await this.#take(8)).readBigUInt64LE();
      if (length > LONGEST_LOG) throw silent(`its log would have ${length} bytes`);
      return this.#take(Number(length));
    });
  }

  /** Has the kernel power off; settles when the order was taken. Fault: `GUEST_AGENT_SILENT` (lab). */
  async powerOff(timeoutMs: number): Promise<void> {
    if ((await this.#order('o', new Uint8Array(), timeoutMs)) !== 'k') throw silent('it refused');
  }

  close(): void {
    this.#socket.destroy();
  }

  #order(letter: string, more: Uint8Array, timeoutMs: number): Promise<string> {
    return this.#inTurn(timeoutMs, async () => {
      this.#socket.write(Buffer.concat([Buffer.from(letter), more]));
      return (await this.#take(1)).toString('latin1');
    });
  }

  /** Without an answer in time nobody could tell which order a later one belongs to: the port is closed. */
  #inTurn<Answer>(timeoutMs: number, ask: () => Promise<Answer>): Promise<Answer> {
    const turn = this.#last.then(async () => {
      try {
        if (this.#gone) throw silent('it has gone');
        return await withDeadline(ask(), timeoutMs, () => {
          throw silent(`no answer within ${timeoutMs / 1000} s`);
        });
      } catch (error) {
        this.close();
        throw error;
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #take(length: number): Promise<Buffer> {
    for (let have = 0; ; ) {
      have = this.#heard.reduce((sum, chunk) => sum + chunk.length, 0);
      if (have >= length) break;
      if (this.#gone) throw silent('it has gone');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const all = Buffer.concat(this.#heard);
    this.#heard = [all.subarray(length)];
    return all.subarray(0, length);
  }
}

export function notRevived(answer: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'CLONE_NOT_REVIVED',
    message: `a clone did not take the time and randomness that it was given: it answered ${JSON.stringify(answer)}`,
  });
}

function silent(why: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'GUEST_AGENT_SILENT',
    message: `the machine's guest agent: ${why}`,
  });
}
