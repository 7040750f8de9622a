// SPDX-License-Identifier: MIT

/** A run of whole lines. */
export interface Piece {
  /** One character a byte. Ends in a line feed, except at the end of the log. */
  readonly text: string;
  /** The same bytes. */
  readonly bytes: Buffer;
  /** Of the first byte in the log. */
  readonly offset: number;
  /** Bytes that were left out of this piece, which is then a single line. */
  readonly omitted: number;
}

/** A longer line is cut: no kernel prints one. In bytes. */
export const LONGEST_LINE = 16 * 1024;
const LONGEST_PIECE = 1024 * 1024;
const LINE_FEED = 10;

/** Cuts a stream of bytes into runs of whole lines; how the bytes came in pieces makes no difference to the lines. */
export class PieceCutter {
  readonly #take: (piece: Piece) => void;
  /** The beginning of a line whose end has not come yet. */
  #rest: Buffer[] = [];
  #restLength = 0;
  #omitted = 0;
  #offset = 0;

  constructor(take: (piece: Piece) => void) {
    this.#take = take;
  }

  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.byteLength; from += LONGEST_PIECE) {
      const length = Math.min(LONGEST_PIECE, chunk.byteLength - from);
      this.#pushPart(Buffer.from(chunk.buffer, chunk.byteOffset + from, length));
    }
  }

  end(): void {
    if (this.#restLength > 0) this.#flush();
  }

  #pushPart(part: Buffer): void {
    let from = 0;
    if (this.#restLength > 0) {
      const first = part.indexOf(LINE_FEED);
      this.#keep(part.subarray(0, first < 0 ? part.length : first + 1));
      if (first < 0) return;
      this.#flush();
      from = first + 1;
    }
    const last = part.lastIndexOf(LINE_FEED);
    if (last >= from) {
      this.#emit(part.subarray(from, last + 1), 0);
      from = last + 1;
    }
    if (from < part.length) this.#keep(part.subarray(from));
  }

  #keep(bytes: Buffer): void {
    const room = Math.max(0, LONGEST_LINE - this.#restLength);
    // A copy: whoever pushes may use the memory again.
    if (room > 0) this.#rest.push(Buffer.from(bytes.subarray(0, room)));
    const kept = Math.min(room, bytes.length);
    this.#restLength += kept;
    this.#omitted += bytes.length - kept;
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#rest, this.#restLength);
    const omitted = this.#omitted;
    this.#rest = [];
    this.#restLength = 0;
    this.#omitted = 0;
    this.#emit(bytes, omitted);
  }

  #emit(bytes: Buffer, omitted: number): void {
    this.#take({ text: bytes.toString('latin1'), bytes, offset: this.#offset, omitted });
    this.#offset += bytes.length + omitted;
  }
}
