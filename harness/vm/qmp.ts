// SPDX-License-Identifier: MIT
import { createConnection, type Socket } from 'node:net';
import { Fault } from '../model/index.ts';

/** An event that QEMU tells of its own accord, such as `SHUTDOWN`. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Waiting {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Fault) => void;
}

/** QEMU's machine protocol: one JSON object a line. Rejects with Fault `QMP_LOST` or `QMP_REFUSED` (blame lab). */
export class QmpClient {
  /** Settles when the connection is over and every event that came over it has been told. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #listener: (event: QmpEvent) => void;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #rest = '';
  #over = false;
  #greet: (() => void) | null = null;

  private constructor(socket: Socket, listener: (event: QmpEvent) => void) {
    this.#socket = socket;
    this.#listener = listener;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', () => {}); // a close follows
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#close();
        resolve();
      });
    });
  }

  /** Connects, retrying until the socket is there or `deadlineMs` passed, and ends the negotiation. */
  static async connect(
    path: string,
    listener: (event: QmpEvent) => void,
    deadlineMs: number,
    stopped: () => boolean = () => false,
  ): Promise<QmpClient> {
    const client = new QmpClient(await connectSocket(path, deadlineMs, stopped), listener);
    let timer: NodeJS.Timeout | undefined;
    const greeted = await Promise.race([
      new Promise<boolean>((resolve) => {
        client.#greet = () => resolve(true);
        timer = setTimeout(() => resolve(false), deadlineMs);
      }),
      client.closed.then(() => false),
    ]);
    clearTimeout(timer);
    if (!greeted) {
      client.close();
      throw lost('no greeting came');
    }
    await client.execute('qmp_capabilities');
    return client;
  }

  /** Runs one command and gives what it returns. */
  execute(command: string, args?: Readonly<Record<string, unknown>>, timeoutMs = 30_000): Promise<unknown> {
    if (this.#over) return Promise.reject(lost(`${command} was asked of a closed connection`));
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(lost(`${command} was not answered within ${timeoutMs} ms`));
      }, timeoutMs);
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(id);
      };
      this.#waiting.set(id, {
        command,
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#socket.write(
        `${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}), id })}\n`,
      );
    });
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
    const waiting = this.#waiting.get(Number(message.id));
    if (!waiting) return;
    if (!('error' in message)) {
      waiting.resolve(message.return);
      return;
    }
    const { desc } = message.error as { readonly desc?: string };
    const words = `QEMU refused ${waiting.command}: ${desc ?? 'no reason given'}`;
    waiting.reject(new Fault({ blame: 'lab', code: 'QMP_REFUSED', message: words }));
  }

  #close(): void {
    this.#over = true;
    for (const waiting of [...this.#waiting.values()])
      waiting.reject(lost(`the connection ended before ${waiting.command} was answered`));
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

/** Connects to a unix socket that may not be there yet. */
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
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
}
