// SPDX-License-Identifier: MIT
import type { Window } from '../window.ts';
import { FORMS, looksPlain } from './forms.ts';
import { type SheetLine, splitSheet } from './sheet.ts';

/** In bytes. Forms are looked for in blocks of this size. */
const BLOCK = 64 * 1024;
/** In bytes. A log whose order has to be restored is read as a whole, if it is not longer. */
const LONGEST_WHOLE = 16 * 1024 * 1024;
const LINE_FEED = 10;

/** A range of bytes. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Puts a log of any form into lines as the kernel printed them, on its way to the window. A log that has none of the forms
 * passes as it is. However the bytes came in chunks, the lines are the same.
 */
export class Transport {
  readonly #window: Window;
  #block: Buffer = Buffer.allocUnsafe(BLOCK);
  #fill = 0;
  /** The place of the block's first byte in the log. */
  #offset = 0;
  #isFirst = true;
  /** The block before was in no form. */
  #wasPlain = false;
  /** All of the log so far, if its order has to be restored. */
  #whole: Buffer[] | null = null;
  #wholeLength = 0;
  /** The lines of a log whose order was restored, and where each begins in the order that the window has. */
  #restored: { readonly lines: readonly SheetLine[]; readonly starts: readonly number[] } | null = null;

  /** Why no name in the log can be trusted; null if names can. */
  nameless: string | null = null;

  constructor(window: Window) {
    this.#window = window;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const stop = Math.min(chunk.length, at + BLOCK - this.#fill);
      this.#block.set(chunk.subarray(at, stop), this.#fill);
      this.#fill += stop - at;
      at = stop;
      if (this.#fill === BLOCK) this.#take(false);
    }
  }

  end(): void {
    if (this.#fill > 0) this.#take(true);
    if (this.#whole) this.#restore(Buffer.concat(this.#whole));
    this.#window.end();
  }

  /** The range in the log of a range in the window's lines. */
  rangeOf(range: Range): Range {
    if (!this.#restored) return range;
    const { lines, starts } = this.#restored;
    let start = Number.POSITIVE_INFINITY;
    let end = 0;
    for (let index = findLast(starts, range.start); index < lines.length; index += 1) {
      const line = lines[index];
      if (!line || (starts[index] ?? 0) >= range.end) break;
      start = Math.min(start, line.from);
      end = Math.max(end, line.to);
    }
    return { start, end };
  }

  /** Hands on what is whole of the block. */
  #take(isLast: boolean): void {
    const feed = this.#block.lastIndexOf(LINE_FEED, this.#fill - 1);
    // A part of a line that is longer than a block is in no form.
    const cut = isLast || feed < 0 ? this.#fill : feed + 1;
    const bytes = this.#block.subarray(0, cut);
    if (this.#whole) this.#keep(bytes);
    else {
      const plain = (feed < 0 && !isLast) || (this.#wasPlain && looksPlain(bytes));
      const undone = plain
        ? null
        : this.#undo(splitSheet(bytes.toString('latin1'), this.#offset), this.#isFirst);
      this.#isFirst = false;
      this.#wasPlain = undone === null;
      if (undone === null) this.#window.push(bytes);
      else if (undone === 'whole') {
        this.#whole = [];
        this.#keep(bytes);
      } else {
        this.#hand(undone, cut, isLast);
        return;
      }
    }
    this.#drop(cut);
  }

  #keep(bytes: Buffer): void {
    this.#whole?.push(Buffer.from(bytes));
    this.#wholeLength += bytes.length;
    if (!this.#whole || this.#wholeLength < LONGEST_WHOLE) return;
    // Too long to be restored: it is read as it is.
    for (const part of this.#whole) this.#window.push(part);
    this.#whole = null;
  }

  /** Hands on the lines of a block but the last one, which may go on in the next block. */
  #hand(lines: readonly SheetLine[], cut: number, isLast: boolean): void {
    const last = lines.at(-1);
    const open = !isLast && last && last.from > this.#offset ? last.from : this.#offset + cut;
    for (const { text, from, to } of lines)
      if (from < open) this.#window.pushLine(Buffer.from(`${text}\n`, 'latin1'), from, Math.min(to, open));
    this.#window.resumeAt(open);
    this.#drop(open - this.#offset);
  }

  #drop(cut: number): void {
    this.#block.copyWithin(0, cut, this.#fill);
    this.#fill -= cut;
    this.#offset += cut;
  }

  /**
   * Undoes every form that lines are in; null if they are in none, and `whole` if they are in one that concerns the whole log
   * and this is only the beginning of it.
   */
  #undo(
    lines: readonly SheetLine[],
    isFirst: boolean,
    isWhole = false,
  ): readonly SheetLine[] | 'whole' | null {
    let now = lines;
    let changed = false;
    for (const form of FORMS) {
      if (form.whole && !isFirst) continue;
      if (form.hint && !now.some(({ text }) => form.hint?.test(text))) continue;
      const undone = form.undo(now);
      if (!undone) continue;
      if (form.whole && !isWhole) return 'whole';
      now = undone;
      this.nameless ??= form.nameless ?? null;
      changed = true;
    }
    return changed ? now : null;
  }

  #restore(log: Buffer): void {
    const lines = this.#undo(splitSheet(log.toString('latin1'), 0), true, true);
    if (lines === null || lines === 'whole') {
      this.#window.push(log);
      return;
    }
    const starts: number[] = [];
    let at = 0;
    for (const { text } of lines) {
      starts.push(at);
      at += text.length + 1;
    }
    this.#restored = { lines, starts };
    this.#window.push(Buffer.from(lines.map(({ text }) => `${text}\n`).join(''), 'latin1'));
  }
}

/** The index of the last number that is not above a limit. */
function findLast(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}
