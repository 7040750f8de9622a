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

/** QEMU's machine protocol: one JSON object a line. Rejects with Fault `QMP_…` (blame lab). */
export class QmpClient {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  readonly #listener: (event: QmpEvent) => void;
  #rest = '';
  #closed = false;
  #greet: (() => void) | null = null;

  private constructor(socket: Socket, listener: (event: QmpEvent) => void) {
    this.#socket = socket;
    this.#listener = listener;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', () => this.#close());
    socket.on('close', () => this.#close());
  }

  /** Connects, retrying until the socket is there or `deadlineMs` passed, and ends the negotiation. */
  static async connect(
    path: string,
    listener: (event: QmpEvent) => void,
    deadlineMs: number,
    stopped: () => boolean = () => false,
  ): Promise<QmpClient> {
    const socket = await connectSocket(path, deadlineMs, stopped);
    const client = new QmpClient(socket, listener);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(lost('no greeting came')), deadlineMs);
      client.#greet = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await client.execute('qmp_capabilities');
    return client;
  }

  /** Runs one command; answers come in the order of the questions. */
  execute(command: string, args?: Readonly<Record<string, unknown>>, timeoutMs = 30_000): Promise<unknown> {
    if (this.#closed) return Promise.reject(lost(`${command} was asked of a closed connection`));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(lost(`${command} was not answered within ${timeoutMs} ms`)),
        timeoutMs,
      );
      this.#waiting.push({
        command,
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#socket.write(`${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}) })}\n`);
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
    else {
      const waiting = this.#waiting.shift();
      if (!waiting) return;
      if ('error' in message) {
        const { desc } = message.error as { readonly desc?: string };
        waiting.reject(
          new Fault({
            blame: 'lab',
            code: 'QMP_REFUSED',
            message: `QEMU refused ${waiting.command}: ${desc ?? 'no reason given'}`,
          }),
        );
      } else waiting.resolve(message.return);
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const waiting of this.#waiting.splice(0))
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
    if (socket) {
      socket.removeAllListeners('error');
      return socket;
    }
    if (stopped() || performance.now() > endsAt) throw lost(`there is no socket ${path}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
