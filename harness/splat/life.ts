// SPDX-License-Identifier: MIT
import type { ContextId, LogLine } from './printk.ts';

/** A headline whose stamp is so many seconds before an earlier one's is of another boot. */
const STEP_BACK = 1;
/** A trouble that was silent for so many seconds has come anew. */
const LASTING_SECONDS = 60;
const HEADLINES_SEEN = 4096;

/**
 * One log may hold several boots of a kernel, or the same log twice. A new life begins when the kernel says that it
 * starts, when stamps go back, when the same line comes a second time, or after a panic another.
 */
export class Lives {
  /** Counts the lives. */
  current = 0;
  /** The latest stamp of a headline. */
  #latest = 0;
  #panickedBy: ContextId | null = null;
  readonly #seen = new Set<string>();
  readonly #lasting = new Map<string, number | null>();

  begin(): void {
    this.current += 1;
    this.#latest = 0;
    this.#panickedBy = null;
    this.#seen.clear();
    this.#lasting.clear();
  }

  /** Whether a headline shows that another life has begun. */
  isOver(line: LogLine, panic: boolean): boolean {
    if (panic && this.#panickedBy === line.context) return true;
    if (line.seconds === null) return false;
    return line.seconds < this.#latest - STEP_BACK || this.#seen.has(keyOf(line));
  }

  /** Keeps a headline in mind. */
  note(line: LogLine): void {
    if (line.seconds === null) return;
    this.#latest = Math.max(this.#latest, line.seconds);
    if (this.#seen.size >= HEADLINES_SEEN) this.#seen.clear();
    this.#seen.add(keyOf(line));
  }

  panic(line: LogLine): void {
    this.#panickedBy = line.context;
  }

  /** Whether a complaint that comes again and again goes on with one that was told before. */
  isLasting(title: string, seconds: number | null): boolean {
    const last = this.#lasting.get(title);
    if (this.#lasting.size >= HEADLINES_SEEN) this.#lasting.clear();
    this.#lasting.set(title, seconds);
    if (last === undefined) return false;
    return last === null || seconds === null || seconds - last <= LASTING_SECONDS;
  }
}

function keyOf(line: LogLine): string {
  return `${line.context} ${line.seconds} ${line.text.slice(0, 200)}`;
}
