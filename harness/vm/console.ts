// SPDX-License-Identifier: MIT
import { type FileHandle, open } from 'node:fs/promises';

/** How often the file is read, in milliseconds. */
const POLL_MS = 50;
/** How many characters before a chunk are matched together with it: a line may arrive in pieces. */
const OVERLAP = 512;

/** Follows a growing log file and passes its bytes on as they arrive. */
export class ConsoleReader {
  readonly #path: string;
  readonly #listeners: ((chunk: Uint8Array) => void)[] = [];
  readonly #awaited: { readonly pattern: RegExp; readonly resolve: () => void }[] = [];
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

  /** Passes on every byte, also those that arrived before. */
  onData(listener: (chunk: Uint8Array) => void): void {
    this.#reading = this.#reading.then(async () => {
      if (this.#position > 0) listener(await this.#replay());
      this.#listeners.push(listener);
    });
  }

  /** Resolves when text that arrives from now on matches; never, when none does. */
  waitFor(pattern: RegExp): Promise<void> {
    return new Promise((resolve) => this.#awaited.push({ pattern, resolve }));
  }

  /** Reads the rest and stops. */
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
      this.#match(chunk.toString('latin1'));
    }
  }

  #match(text: string): void {
    const window = this.#tail + text;
    this.#tail = window.slice(-OVERLAP);
    for (const one of [...this.#awaited]) {
      if (!one.pattern.test(window)) continue;
      this.#awaited.splice(this.#awaited.indexOf(one), 1);
      one.resolve();
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
