// SPDX-License-Identifier: MIT
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../host/index.ts';
import { Fault } from '../model/index.ts';

/** An event that QEMU sends unasked, such as `SHUTDOWN`. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Between two attempts to connect, in milliseconds. */
const RETRY_MS = 4;

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
      throw lost('no greeting arrived');
    }
    await client.execute('qmp_capabilities');
    return client;
  }

  /** Runs one command and returns its result. */
  execute(command: string, args?: Readonly<Record<string, unknown>>, timeoutMs = 30_000): Promise<unknown> {
    if (this.#over) return Promise.reject(lost(`${command} was sent on a closed connection`));
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
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#take(line);
  }

  #take(line: string): void {
    const message = parse(line);
    if (message === null) return;
    if ('QMP' in message) this.#greet?.();
    else if (typeof message.event === 'string')
      this.#listener({ event: message.event, data: (message.data ?? {}) as QmpEvent['data'] });
    else this.#answer(message);
  }

  #answer(message: Readonly<Record<string, unknown>>): void {
    const pending = this.#pending.get(Number(message.id));
    if (!pending) return;
    if (!('error' in message)) {
      pending.resolve(message.return);
      return;
    }
    const { desc } = message.error as { readonly desc?: string };
    const why = `QEMU refused ${pending.command}: ${desc ?? 'no reason given'}`;
    pending.reject(new Fault({ blame: 'lab', code: 'QMP_REFUSED', message: why }));
  }

  #close(): void {
    this.#over = true;
    for (const pending of [...this.#pending.values()])
      pending.reject(lost(`the connection closed before ${pending.command} was answered`));
  }
}

function parse(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
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
