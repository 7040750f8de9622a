// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';
import { withDeadline } from '../host/index.ts';
import { Fault } from '../model/index.ts';

/** The longest log that is accepted, in bytes; log_buf_len is a few MiB where somebody has raised it. */
const LONGEST_LOG = 256 * 1024 * 1024;

/**
 * The guest agent (images/guest/guest-agent.c) at its serial port. It takes orders about the whole machine, one at a time,
 * each a letter and its arguments. When one is not answered in time the port is closed, and every later order is refused.
 */
export class GuestAgent {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #closed = false;
  #wake: () => void = () => {};
  #last: Promise<unknown> = Promise.resolve();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#wake();
    });
    socket.once('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** False once the agent has died, or an answer was not given in time. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  /** Sets a thawed machine's clock and mixes in random bytes. Fault: `CLONE_NOT_REVIVED` (lab). */
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
      if ((await this.#take(1)).toString('latin1') !== 'k') throw silent('it could not read the kernel log');
      const length = (await this.#take(8)).readBigUInt64LE();
      if (length > LONGEST_LOG) throw silent(`got a log of ${length} bytes, expected at most ${LONGEST_LOG}`);
      return this.#take(Number(length));
    });
  }

  /** Makes the kernel power off; resolves when the agent has accepted that. Fault: `GUEST_AGENT_SILENT` (lab). */
  async powerOff(timeoutMs: number): Promise<void> {
    if ((await this.#order('o', new Uint8Array(), timeoutMs)) !== 'k')
      throw silent('it refused to power off');
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

  /** Replies carry no id: after a time-out a late reply could be mistaken for the next one, so the port is closed. */
  #inTurn<Answer>(timeoutMs: number, ask: () => Promise<Answer>): Promise<Answer> {
    const turn = this.#last.then(async () => {
      try {
        if (this.#closed) throw silent('its port is closed');
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
      have = this.#received.reduce((sum, chunk) => sum + chunk.length, 0);
      if (have >= length) break;
      if (this.#closed) throw silent('its port is closed');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const all = Buffer.concat(this.#received);
    this.#received = [all.subarray(length)];
    return all.subarray(0, length);
  }
}

export function notRevived(answer: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'CLONE_NOT_REVIVED',
    message: `a clone did not set its clock and random numbers: got ${JSON.stringify(answer)}, expected "k"`,
  });
}

function silent(why: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'GUEST_AGENT_SILENT',
    message: `the guest agent: ${why}`,
  });
}
