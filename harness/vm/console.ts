// SPDX-License-Identifier: MIT
import { type FileHandle, open } from 'node:fs/promises';

/** How often the console's file is looked at, in milliseconds. */
const POLL_MS = 100;

/** Reads a growing log file along and hands on its bytes as they come. */
export class ConsoleReader {
  readonly #path: string;
  readonly #listeners: ((chunk: Uint8Array) => void)[] = [];
  #file: FileHandle | null = null;
  #position = 0;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();
  #text = '';
  #closed = false;

  constructor(path: string) {
    this.#path = path;
    this.#schedule();
  }

  /** Bytes that came before are handed on at once, so that nobody comes too late. */
  listen(listener: (chunk: Uint8Array) => void): void {
    if (this.#position > 0) {
      const replay = this.#replay();
      this.#reading = this.#reading
        .then(() => replay)
        .then((chunk) => listener(chunk))
        .then(() => void this.#listeners.push(listener));
    } else this.#listeners.push(listener);
  }

  /** Whether the log's text so far holds a text; only the last 64 KiB are looked at. */
  has(text: string): boolean {
    return this.#text.includes(text);
  }

  /** Reads what is left and stops. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#reading;
    await this.#read();
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
      this.#text = (this.#text + chunk.toString('latin1')).slice(-64 * 1024);
      for (const listener of this.#listeners) listener(chunk);
    }
  }

  async #replay(): Promise<Uint8Array> {
    const file = await open(this.#path, 'r');
    try {
      const buffer = Buffer.alloc(this.#position);
      await file.read(buffer, 0, buffer.length, 0);
      return buffer;
    } finally {
      await file.close();
    }
  }
}
