// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Pattern } from '../scenario/index.ts';

/** What is kept in memory of the lines since the last mark: a flood must not fill the memory. */
const KEPT_LINES = 20_000;
const KEPT_CHARACTERS = 8 * 1024 * 1024;
/** A longer line is cut: no kernel prints one. */
const LONGEST_LINE = 64 * 1024;
/** So much is searched before other work gets its turn. */
const SLICE_CHARACTERS = 64 * 1024;

/** Cuts bytes into lines, however they came in chunks. */
export class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8');
  #rest = '';

  /** The lines that this chunk completes. */
  push(chunk: Uint8Array): string[] {
    const parts = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = (parts.pop() ?? '').slice(-LONGEST_LINE);
    return parts.map((line) => line.replace(/\r$/, ''));
  }
}

/** The latest lines of a log since a mark: the last of a flood, never only the first. */
export class RecentLines {
  #lines: string[] = [];
  #characters = 0;
  /** Whether lines since the mark are no longer in memory. */
  lost = false;

  add(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
    if (this.#lines.length <= 2 * KEPT_LINES && this.#characters <= 2 * KEPT_CHARACTERS) return;
    // Half is dropped at once, so that a flood costs the same for each line.
    this.#lines = this.#lines.slice(-Math.min(KEPT_LINES, this.#lines.length >> 1));
    this.#characters = this.#lines.reduce((sum, one) => sum + one.length, 0);
    this.lost = true;
  }

  /** Forgets all lines. */
  mark(): void {
    this.#lines = [];
    this.#characters = 0;
    this.lost = false;
  }

  /** Whether a line matches. Other work is done between slices of the lines; false when the signal aborts before the end. */
  async has(pattern: Pattern, signal: AbortSignal): Promise<boolean> {
    let characters = 0;
    for (const line of this.#lines) {
      if (pattern.test(line)) return true;
      characters += line.length;
      if (characters < SLICE_CHARACTERS) continue;
      characters = 0;
      await setImmediate();
      if (signal.aborted) return false;
    }
    return false;
  }
}

/**
 * Whether a line of a file matches, from one byte up to another. A file that cannot be read has no such line; nor has one
 * whose search was aborted.
 */
export async function fileHasLine(
  path: string,
  pattern: Pattern,
  from: number,
  until: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (until <= from) return false;
  const splitter = new LineSplitter();
  try {
    for await (const chunk of createReadStream(path, { start: from, end: until - 1, signal }))
      if (splitter.push(chunk as Uint8Array).some((line) => pattern.test(line))) return true;
  } catch {
    return false;
  }
  return false;
}
