// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';
import { withDeadline } from '../host/index.ts';
import { Fault } from '../model/index.ts';

/** The longest log that is accepted, in bytes: the agent sends no more, but one record may begin below its limit. */
const LONGEST_LOG = 64 * 1024 * 1024 + 8192;
/** The letter and the length before a log. */
const LOG_HEAD = 9;

/** What has been received of a log: all of it, not enough yet, or what no agent of ours sends. */
export type LogAnswer =
  | { readonly kind: 'whole'; readonly log: Buffer }
  | { readonly kind: 'partial'; readonly missing: number }
  | { readonly kind: 'refused'; readonly why: string };

/** Reads the answer to a request for the log: `k`, a length of 64 bits, and that many bytes. Total. Pure. */
export function parseLogAnswer(received: Buffer): LogAnswer {
  if (received.length === 0) return { kind: 'partial', missing: 1 };
  if (received[0] !== 'k'.charCodeAt(0)) return { kind: 'refused', why: 'it could not read the kernel log' };
  if (received.length < LOG_HEAD) return { kind: 'partial', missing: LOG_HEAD - received.length };
  const length = received.readBigUInt64LE(1);
  if (length > LONGEST_LOG)
    return { kind: 'refused', why: `got a log of ${length} bytes, expected at most ${LONGEST_LOG}` };
  const missing = LOG_HEAD + Number(length) - received.length;
  if (missing > 0) return { kind: 'partial', missing };
  if (missing < 0) return { kind: 'refused', why: 'it sent more than its answer' };
  return { kind: 'whole', log: received.subarray(LOG_HEAD) };
}

/**
 * The guest agent (images/guest/guest-agent.c) at its serial port. It takes orders about the whole machine, one at a time,
 * each a letter and its arguments. When one is not answered in time, or something comes that is no answer, the port is closed
 * and every later order is refused.
 */
export class GuestAgent {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #bytes = 0;
  /** How many bytes may come before the order is answered: none, when there is no order. */
  #allowed = 0;
  #closed = false;
  #wake: () => void = () => {};
  #last: Promise<unknown> = Promise.resolve();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#bytes += chunk.length;
      if (this.#bytes > this.#allowed) this.close();
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
      this.#allowed = LOG_HEAD + LONGEST_LOG;
      this.#socket.write('l');
      for (let need = 1; ; ) {
        const received = await this.#await(need);
        const answer = parseLogAnswer(received);
        if (answer.kind === 'whole') return answer.log;
        if (answer.kind === 'refused') throw silent(answer.why);
        need = received.length + answer.missing;
      }
    });
  }

  /** Makes the kernel power off; resolves when the agent has accepted that. Fault: `GUEST_AGENT_SILENT` (lab). */
  async powerOff(timeoutMs: number): Promise<void> {
    if ((await this.#order('o', new Uint8Array(), timeoutMs)) !== 'k')
      throw silent('it refused to power off');
  }

  /** Whether the agent answers; to an order that it does not know its answer is `e`. Fault: `GUEST_AGENT_SILENT` (lab). */
  async isAlive(timeoutMs: number): Promise<boolean> {
    return (await this.#order('?', new Uint8Array(), timeoutMs)) === 'e';
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #order(letter: string, more: Uint8Array, timeoutMs: number): Promise<string> {
    return this.#inTurn(timeoutMs, async () => {
      this.#allowed = 1;
      this.#socket.write(Buffer.concat([Buffer.from(letter), more]));
      return (await this.#await(1)).toString('latin1');
    });
  }

  /** Replies carry no id: after a time-out a late reply could be mistaken for the next one, so the port is closed. */
  #inTurn<Answer>(timeoutMs: number, ask: () => Promise<Answer>): Promise<Answer> {
    const turn = this.#last.then(async () => {
      try {
        if (this.#closed) throw silent('its port is closed');
        const answer = await withDeadline(ask(), timeoutMs, () => {
          throw silent(`no answer within ${timeoutMs / 1000} s`);
        });
        this.#received = [];
        this.#bytes = 0;
        this.#allowed = 0;
        return answer;
      } catch (error) {
        this.close();
        throw error;
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Everything that was received of an answer, as soon as that is `length` bytes. */
  async #await(length: number): Promise<Buffer> {
    while (this.#bytes < length || this.#bytes > this.#allowed) {
      if (this.#bytes > this.#allowed) throw silent('it sent more than its answer');
      if (this.#closed) throw silent('its port is closed');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return Buffer.concat(this.#received);
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
