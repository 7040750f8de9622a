// SPDX-License-Identifier: MIT
import { type FileHandle, open } from 'node:fs/promises';

/** How often the file is read, in milliseconds. */
const POLL_MS = 50;
/** How many bytes are read at once. */
const CHUNK = 64 * 1024;
/** How many characters before a chunk are matched together with it: a line may arrive in pieces. */
const OVERLAP = 512;

/** Follows a growing log file and passes its bytes on as they arrive, up to a limit: what is behind it is never read. */
export class ConsoleReader {
  /** Settles when the log has reached its limit. */
  readonly full: Promise<void>;
  readonly #path: string;
  readonly #limitBytes: number;
  readonly #listeners: ((chunk: Uint8Array) => void)[] = [];
  readonly #awaited: { readonly pattern: RegExp; readonly resolve: () => void }[] = [];
  #onFull: () => void = () => {};
  #file: FileHandle | null = null;
  #position = 0;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();
  #tail = '';
  #closed = false;

  constructor(path: string, limitBytes: number) {
    this.#path = path;
    this.#limitBytes = limitBytes;
    this.full = new Promise((resolve) => {
      this.#onFull = resolve;
    });
    this.#schedule();
  }

  /** Passes on every byte, also those that arrived before. */
  onData(listener: (chunk: Uint8Array) => void): void {
    this.#reading = this.#reading.then(async () => {
      if (this.#position > 0) {
        await using file = await open(this.#path, 'r');
        await pass(file, 0, this.#position, listener);
      }
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
    this.#position = await pass(this.#file, this.#position, this.#limitBytes, (chunk) => {
      for (const listener of this.#listeners) listener(chunk);
      this.#match(Buffer.from(chunk).toString('latin1'));
    });
    if (this.#position >= this.#limitBytes) this.#onFull();
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
}

/** Passes on what a file has between two offsets; returns how far that went. */
async function pass(
  file: FileHandle,
  from: number,
  until: number,
  listener: (chunk: Uint8Array) => void,
): Promise<number> {
  let at = from;
  while (at < until) {
    const buffer = Buffer.alloc(Math.min(CHUNK, until - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    listener(buffer.subarray(0, bytesRead));
  }
  return at;
}
