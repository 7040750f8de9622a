// SPDX-License-Identifier: MIT

/** In bytes. A longer line is cut: no kernel prints one. */
export const LONGEST_LINE = 16 * 1024;
/** In bytes. Lines before a headline are searched this far back. */
export const LOOKBACK = 32 * 1024;
const SIZE = 256 * 1024;
const LINE_FEED = 10;

/** Whole lines in the window, from `from` up to `to`. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** The number of bytes that were cut off; the stretch is then a single line without its end. */
  readonly omitted: number;
}

/**
 * The part of the log that is being read, with what stood before it. However the bytes came in chunks, the lines are the
 * same, and the memory is always the same too.
 */
export class Window {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(SIZE);
  /** A line was cut before this place: nothing before it may be read. */
  floor = 0;
  readonly #take: (scale: Stretch) => void;
  /** The place of the first byte in the log. */
  #offset = 0;
  /** The place in the window of the first line that was not handed out. */
  #from = 0;
  #fill = 0;
  #omitting = false;
  #omitted = 0;

  constructor(take: (scale: Stretch) => void) {
    this.#take = take;
  }

  /** The place in the log of a place in the window. */
  offsetOf(place: number): number {
    return this.#offset + place;
  }

  /** The place in the window of a place in the log; negative if it is no longer there. */
  placeOf(offset: number): number {
    return offset - this.#offset;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#omitting) {
        const feed = chunk.indexOf(LINE_FEED, at);
        const stop = feed < 0 ? chunk.length : feed + 1;
        this.#omitted += stop - at;
        at = stop;
        if (feed >= 0) this.#handCut();
        continue;
      }
      if (this.#fill === SIZE) this.#compact();
      const stop = Math.min(chunk.length, at + SIZE - this.#fill);
      this.#append(chunk.subarray(at, stop));
      at = stop;
    }
  }

  end(): void {
    if (this.#omitting) this.#handCut();
    else if (this.#fill > this.#from) this.#hand(this.#fill, 0);
  }

  #append(part: Uint8Array): void {
    this.bytes.set(part, this.#fill);
    const last = part.lastIndexOf(LINE_FEED);
    const feed = this.#fill + last;
    this.#fill += part.length;
    if (last >= 0) this.#hand(feed + 1, 0);
    const rest = this.#fill - this.#from;
    if (rest <= LONGEST_LINE) return;
    this.#omitting = true;
    this.#omitted = rest - LONGEST_LINE;
    this.#fill = this.#from + LONGEST_LINE;
  }

  #handCut(): void {
    const omitted = this.#omitted;
    this.#omitting = false;
    this.#omitted = 0;
    this.#hand(this.#fill, omitted);
    this.#offset += omitted;
    this.floor = this.#from;
  }

  #hand(to: number, omitted: number): void {
    const from = this.#from;
    this.#from = to;
    this.#take({ from, to, omitted });
  }

  #compact(): void {
    // One byte more, so that what stands at place 0 is never taken for the start of a line.
    const keep = Math.max(0, this.#from - LOOKBACK - 1);
    this.bytes.copyWithin(0, keep, this.#fill);
    this.#offset += keep;
    this.#from -= keep;
    this.#fill -= keep;
    this.floor = Math.max(0, this.floor - keep);
  }
}
