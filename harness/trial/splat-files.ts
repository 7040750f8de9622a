// SPDX-License-Identifier: MIT
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../host/index.ts';
import { type Fault, type Splat, type TextRef, type TrialSplat, toFault } from '../model/index.ts';

/** All splats of a trial, one JSON object per line; a text is a reference into the other file. */
export const SPLATS_FILE = 'splats.ndjson';
export const TEXTS_FILE = 'splats.txt';

/** A flood of splats is written only so far, in bytes of text and in splats. */
const MAXIMUM_TEXT = 16 * 1024 * 1024;
const MAXIMUM_SPLATS = 4_000;

/** Where a splat was read: offsets into the console and into the guest's own log are not the same. */
export type SplatSource = 'console' | 'kmsg';

/** Writes a trial's splats to its directory, each as soon as it is found. A write that fails loses nothing but the file. */
export class SplatFiles implements AsyncDisposable {
  readonly #directory: string;
  readonly #texts = new Map<string, TextRef>();
  #queue: Promise<void> = Promise.resolve();
  #textFile: FileHandle | null = null;
  #splatFile: FileHandle | null = null;
  #offset = 0;
  #count = 0;
  /** The first write that failed; null when none did. */
  fault: Fault | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Queues a splat to be written; returns at once. */
  add(splat: Splat, source: SplatSource = 'console'): void {
    if (this.#count >= MAXIMUM_SPLATS) return;
    this.#count += 1;
    const text = this.#place(splat, source);
    const line = `${JSON.stringify({ ...splat, text })}\n`;
    this.#write(text === null ? '' : splat.text, line);
  }

  /**
   * Writes the final list over the one that grew: `follows` and `panicked` are known only now. Returns it with each text as
   * a reference, null where the text could not be written or was too much.
   */
  async finish(console: readonly Splat[], kmsg: readonly Splat[] = []): Promise<TrialSplat[]> {
    const all = [
      ...console.map((splat) => ({ splat, source: 'console' as const })),
      ...kmsg.map((splat) => ({ splat, source: 'kmsg' as const })),
    ];
    const placed = all.map(({ splat, source }) => {
      const known = this.#texts.get(keyOf(splat, source));
      const text = known ?? this.#place(splat, source);
      if (text !== null && !known) this.#write(splat.text, '');
      return { ...splat, text };
    });
    await this.#queue;
    if (placed.length > 0 && !this.fault)
      await writeFileAtomic(
        join(this.#directory, SPLATS_FILE),
        placed.map((splat) => `${JSON.stringify(splat)}\n`).join(''),
      ).catch((error: unknown) => this.#fail(error));
    return this.fault ? placed.map((splat) => ({ ...splat, text: null })) : placed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue;
    await this.#textFile?.close().catch((error: unknown) => this.#fail(error));
    await this.#splatFile?.close().catch((error: unknown) => this.#fail(error));
  }

  /** Reserves a text's place in the file. */
  #place(splat: Splat, source: SplatSource): TextRef | null {
    const length = Buffer.byteLength(splat.text);
    if (this.#offset + length > MAXIMUM_TEXT) return null;
    const text: TextRef = { file: TEXTS_FILE, offset: this.#offset, length };
    this.#offset += length + 1;
    this.#texts.set(keyOf(splat, source), text);
    return text;
  }

  #write(text: string, line: string): void {
    this.#queue = this.#queue
      .then(async () => {
        if (this.fault) return;
        this.#textFile ??= await open(join(this.#directory, TEXTS_FILE), 'w');
        this.#splatFile ??= await open(join(this.#directory, SPLATS_FILE), 'w');
        if (text !== '') await this.#textFile.appendFile(`${text}\n`);
        if (line !== '') await this.#splatFile.appendFile(line);
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.fault ??= toFault(error);
  }
}

/** A splat that was found again with more lines has another length. */
function keyOf(splat: Splat, source: SplatSource): string {
  return `${source}:${splat.start}:${splat.text.length}`;
}
