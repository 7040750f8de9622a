// SPDX-License-Identifier: MIT
import type { Piece } from './pieces.ts';

/** So far back, in bytes, the lines before a headline are looked for. */
export const LOOKBACK = 32 * 1024;

/** The last bytes of the log so far. */
export class History {
  #parts: string[] = [];
  #length = 0;

  /** Adds what was read. */
  add(piece: Piece): void {
    const { bytes, text } = piece;
    if (bytes.length >= LOOKBACK) {
      // Out of the bytes, so that the long text can be forgotten.
      this.#parts = [bytes.toString('latin1', bytes.length - LOOKBACK)];
      this.#length = LOOKBACK;
      return;
    }
    this.#parts.push(text);
    this.#length += text.length;
    let first = this.#parts[0];
    while (first !== undefined && this.#length - first.length >= LOOKBACK) {
      this.#parts.shift();
      this.#length -= first.length;
      first = this.#parts[0];
    }
    if (this.#parts.length > 512) this.#parts = [this.#parts.join('')];
  }

  /** What stands before a place in the piece that is being read: at most `LOOKBACK` characters, from a line's start on. */
  before(piece: Piece, at: number): string {
    const near = piece.text.slice(Math.max(0, at - LOOKBACK), at);
    const text = near.length >= LOOKBACK ? near : (this.#parts.join('') + near).slice(-LOOKBACK);
    if (text.length < LOOKBACK) return text;
    return text.slice(text.indexOf('\n') + 1);
  }
}
