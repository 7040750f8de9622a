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

/** A stretch of the window and where it comes from. It ends where the next one begins. */
interface Piece {
  /** In the window. */
  at: number;
  /** In the log. */
  from: number;
  /** In the log; null if the bytes are the log's own, one for one. */
  readonly to: number | null;
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
  /** Where the bytes come from, in the order of the window; never empty. */
  #pieces: Piece[] = [{ at: 0, from: 0, to: null }];
  /** The place in the window of the first line that was not handed out. */
  #from = 0;
  #fill = 0;
  #omitting = false;
  #omitted = 0;

  constructor(take: (scale: Stretch) => void) {
    this.#take = take;
  }

  /** The place in the log of a place in the window: for the start of a line, its first byte. */
  offsetOf(place: number): number {
    const piece = this.#pieceAt(place);
    return piece.to === null ? piece.from + place - piece.at : piece.from;
  }

  /** The place in the log behind the line that ends at a place in the window. */
  endOf(place: number): number {
    const piece = this.#pieceAt(place - 1);
    return piece.to ?? piece.from + place - piece.at;
  }

  /** The first place in the window that comes from a place in the log or a later one; negative if all do. */
  placeOf(offset: number): number {
    let next: Piece | undefined;
    for (let index = this.#pieces.length - 1; index >= 0; index -= 1) {
      const piece = this.#pieces[index] as Piece;
      if (piece.from < offset || (piece.from === offset && piece.to === null)) {
        const own = piece.at + offset - piece.from;
        const end = next?.at ?? this.#fill;
        return piece.to === null ? Math.min(own, end) : end;
      }
      next = piece;
    }
    return -1;
  }

  /** Takes a line of the log, with its line feed, that stands in it in another form, from `from` up to `to`. */
  pushLine(line: Uint8Array, from: number, to: number): void {
    if (this.#omitting) {
      // It is the rest of a line that was too long for any form.
      this.#omitted += to - from;
      this.#handCut();
      return;
    }
    if (SIZE - this.#fill < line.length) this.#compact();
    const last = this.#pieces.at(-1);
    const piece = { at: this.#fill, from, to };
    if (last?.at === this.#fill) this.#pieces.pop();
    this.#pieces.push(piece);
    this.#append(line);
    this.#pieces.push({ at: this.#fill, from: to, to: null });
  }

  /** The next bytes come from a place in the log: lines before it were left out. */
  resumeAt(offset: number): void {
    if (this.#omitting) {
      this.#omitted = offset - this.endOf(this.#fill);
      this.#handCut();
      return;
    }
    if (this.#pieces.at(-1)?.at === this.#fill) this.#pieces.pop();
    this.#pieces.push({ at: this.#fill, from: offset, to: null });
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
    const from = this.endOf(this.#fill) + omitted;
    if (this.#pieces.at(-1)?.at === this.#fill) this.#pieces.pop();
    this.#pieces.push({ at: this.#fill, from, to: null });
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
    this.#movePieces(keep);
    this.#from -= keep;
    this.#fill -= keep;
    this.floor = Math.max(0, this.floor - keep);
  }

  #movePieces(by: number): void {
    const first = this.#pieces.findLastIndex((piece) => piece.at <= by);
    if (first > 0) this.#pieces = this.#pieces.slice(first);
    for (const piece of this.#pieces) piece.at -= by;
    const [own] = this.#pieces;
    if (!own || own.at >= 0) return;
    if (own.to === null) own.from -= own.at;
    own.at = 0;
  }

  #pieceAt(place: number): Piece {
    let low = 0;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#pieces[middle] as Piece).at <= place) low = middle;
      else high = middle - 1;
    }
    return this.#pieces[low] as Piece;
  }
}
