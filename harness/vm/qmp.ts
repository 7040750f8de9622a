// SPDX-License-Identifier: MIT
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { parseQmpLine, type QmpEvent, type QmpMessage } from './qmp-line.ts';

/** Between two attempts to connect, in milliseconds. */
const RETRY_MS = 4;
/** Characters of one message, and of all: a QEMU that its guest has taken over may never end one. Ours are below 10 kB. */
const LONGEST_LINE = 1024 * 1024;
const LONGEST_TALK = 64 * 1024 * 1024;

interface PendingCommand {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Fault) => void;
}

/** A client of QEMU's machine protocol (QMP): one JSON object per line. Rejects with Fault `QMP_LOST` or `QMP_REFUSED` (blame lab). */
export class QmpClient {
  /** Settles when the connection is closed and every event that came over it has been passed on. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #listener: (event: QmpEvent) => void;
  readonly #pending = new Map<number, PendingCommand>();
  #asked = 0;
  #rest = '';
  #received = 0;
  #why = '';
  #over = false;
  #greet: (() => void) | null = null;

  private constructor(socket: Socket, listener: (event: QmpEvent) => void) {
    this.#socket = socket;
    this.#listener = listener;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', () => {}); // `close` follows
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#close();
        resolve();
      });
    });
  }

  /** Connects and negotiates; retries until the socket is there or `deadlineMs` has passed. */
  static async connect(
    path: string,
    listener: (event: QmpEvent) => void,
    deadlineMs: number,
    stopped: () => boolean = () => false,
  ): Promise<QmpClient> {
    const client = new QmpClient(await connectSocket(path, deadlineMs, stopped), listener);
    const greeting = new Promise<boolean>((resolve) => {
      client.#greet = () => resolve(true);
    });
    const closed = client.closed.then(() => false);
    const greeted = await withDeadline(Promise.race([greeting, closed]), deadlineMs, () => false);
    if (!greeted) {
      client.close();
      throw lost(client.#why || 'no greeting arrived');
    }
    await client.execute('qmp_capabilities', undefined, deadlineMs);
    return client;
  }

  /** Runs one command and returns its result. */
  execute(command: string, args?: Readonly<Record<string, unknown>>, timeoutMs = 30_000): Promise<unknown> {
    if (this.#over) return Promise.reject(lost(this.#why || `${command} was sent on a closed connection`));
    this.#asked += 1;
    const id = this.#asked;
    const answer = new Promise<unknown>((resolve, reject) =>
      this.#pending.set(id, { command, resolve, reject }),
    );
    this.#socket.write(`${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}), id })}\n`);
    return withDeadline(answer, timeoutMs, () => {
      throw lost(`${command} was not answered within ${timeoutMs} ms`);
    }).finally(() => this.#pending.delete(id));
  }

  close(): void {
    this.#socket.destroy();
    this.#close();
  }

  #read(text: string): void {
    if (this.#over) return;
    this.#received += text.length;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '' && !this.#over) this.#take(parseQmpLine(line));
    if (this.#rest.length > LONGEST_LINE)
      this.#giveUp(`it sent a line of more than ${LONGEST_LINE} characters`);
    if (this.#received > LONGEST_TALK) this.#giveUp(`it sent more than ${LONGEST_TALK} characters`);
  }

  #take(message: QmpMessage): void {
    switch (message.kind) {
      case 'greeting':
        this.#greet?.();
        break;
      case 'event':
        this.#listener({ event: message.event, data: message.data });
        break;
      case 'return':
        this.#pending.get(message.id)?.resolve(message.value);
        break;
      case 'error': {
        const pending = this.#pending.get(message.id);
        const why = `QEMU refused ${pending?.command}: ${message.description}`;
        pending?.reject(new Fault({ blame: 'lab', code: 'QMP_REFUSED', message: why }));
        break;
      }
      case 'malformed':
        this.#giveUp(`it sent what is no message: ${message.why}`);
        break;
      case 'other':
        break;
    }
  }

  /** What does not speak the protocol is not listened to. */
  #giveUp(why: string): void {
    this.#why ||= why;
    this.#rest = '';
    this.close();
  }

  #close(): void {
    this.#over = true;
    for (const pending of [...this.#pending.values()])
      pending.reject(lost(this.#why || `the connection closed before ${pending.command} was answered`));
  }
}

function lost(detail: string): Fault {
  return new Fault({ blame: 'lab', code: 'QMP_LOST', message: `QEMU's monitor: ${detail}` });
}

/** Connects to a Unix socket that QEMU has yet to create. */
export async function connectSocket(
  path: string,
  deadlineMs: number,
  stopped: () => boolean,
): Promise<Socket> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    const socket = await new Promise<Socket | null>((resolve) => {
      const candidate = createConnection(path);
      candidate.once('connect', () => resolve(candidate));
      candidate.once('error', () => resolve(null));
    });
    if (socket) return socket;
    if (stopped() || performance.now() > endsAt) throw lost(`there is no socket ${path}`);
    await sleep(RETRY_MS);
  }
}
