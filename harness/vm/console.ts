// SPDX-License-Identifier: MIT
import { type FileHandle, open } from 'node:fs/promises';

/** How often the console's file is looked at, in milliseconds. */
const POLL_MS = 50;
/** How much of the text before a chunk is looked at with it: a line may come in pieces. */
const OVERLAP = 512;

/** Reads a growing log file along and hands on its bytes as they come. */
export class ConsoleReader {
  readonly #path: string;
  readonly #listeners: ((chunk: Uint8Array) => void)[] = [];
  readonly #awaited: { readonly pattern: RegExp; readonly see: () => void }[] = [];
  #file: FileHandle | null = null;
  #position = 0;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();
  #tail = '';
  #closed = false;

  constructor(path: string) {
    this.#path = path;
    this.#schedule();
  }

  /** Hands on every byte from the first, also those that came before. */
  listen(listener: (chunk: Uint8Array) => void): void {
    this.#reading = this.#reading.then(async () => {
      if (this.#position > 0) listener(await this.#replay());
      this.#listeners.push(listener);
    });
  }

  /** Settles when a text matches, from now on; never, when it does not come. */
  until(pattern: RegExp): Promise<void> {
    return new Promise((resolve) => this.#awaited.push({ pattern, see: resolve }));
  }

  /** Reads what is left and stops. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#reading = this.#reading.then(() => this.#read());
    await this.#reading;
    await this.#file?.close();
    this.#file = null;
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#reading = this.#reading
        .then(() => this.#read())
        .then(() => {
          if (!this.#closed) this.#schedule();
        });
    }, POLL_MS);
  }

  async #read(): Promise<void> {
    this.#file ??= await open(this.#path, 'r').catch(() => null);
    if (!this.#file) return;
    for (;;) {
      const buffer = Buffer.alloc(64 * 1024);
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const chunk = buffer.subarray(0, bytesRead);
      for (const listener of this.#listeners) listener(chunk);
      this.#look(chunk.toString('latin1'));
    }
  }

  #look(text: string): void {
    const window = this.#tail + text;
    this.#tail = window.slice(-OVERLAP);
    for (const one of [...this.#awaited]) {
      if (!one.pattern.test(window)) continue;
      this.#awaited.splice(this.#awaited.indexOf(one), 1);
      one.see();
    }
  }

  async #replay(): Promise<Uint8Array> {
    const file = await open(this.#path, 'r');
    try {
      const buffer = Buffer.alloc(this.#position);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
