// SPDX-License-Identifier: MIT
import type { ContextId, LogLine } from './printk.ts';

/** A headline whose stamp is this many seconds before an earlier one's is of another boot. */
const STEP_BACK_SECONDS = 1;
/** A recurring report counts again after this many seconds of silence. */
const RECURRING_SECONDS = 60;
/** Limits the memory for headlines. */
const HEADLINES_KEPT = 4096;

/**
 * Counts the boots in one log, which may also be the same log twice. A boot begins when the kernel says that it starts,
 * when stamps go back, when the same line comes a second time, or when a panic comes after a panic.
 */
export class Boots {
  /** The number of boots before this one. */
  current = 0;
  /** The latest stamp of a headline. */
  #latest = 0;
  #panickedBy: ContextId | null = null;
  readonly #seen = new Set<string>();
  /** The last headline that was looked at, and its key. */
  #last: { readonly line: LogLine | null; readonly key: string } = { line: null, key: '' };
  readonly #recurring = new Map<string, number | null>();

  begin(): void {
    this.current += 1;
    this.#latest = 0;
    this.#panickedBy = null;
    this.#seen.clear();
    this.#recurring.clear();
  }

  /** Whether a headline shows that another boot has begun. */
  isOver(line: LogLine, panic: boolean): boolean {
    if (panic && this.#panickedBy === line.context) return true;
    if (line.seconds === null) return false;
    return line.seconds < this.#latest - STEP_BACK_SECONDS || this.#seen.has(this.#keyOf(line));
  }

  /** Remembers a headline. */
  note(line: LogLine): void {
    if (line.seconds === null) return;
    this.#latest = Math.max(this.#latest, line.seconds);
    if (this.#seen.size >= HEADLINES_KEPT) this.#seen.clear();
    this.#seen.add(this.#keyOf(line));
  }

  panic(line: LogLine): void {
    this.#panickedBy = line.context;
  }

  /** Whether a recurring report only repeats one that was counted. */
  isRecurring(title: string, seconds: number | null): boolean {
    const last = this.#recurring.get(title);
    if (this.#recurring.size >= HEADLINES_KEPT) this.#recurring.clear();
    this.#recurring.set(title, seconds);
    if (last === undefined) return false;
    return last === null || seconds === null || seconds - last <= RECURRING_SECONDS;
  }

  #keyOf(line: LogLine): string {
    if (line !== this.#last.line)
      this.#last = { line, key: `${line.context} ${line.seconds} ${line.text.slice(0, 200)}` };
    return this.#last.key;
  }
}
