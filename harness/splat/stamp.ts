// SPDX-License-Identifier: MIT

/** What may stand before a stamp: the end of a logger's words, of a mark for quoting, of a key. */
const BEFORE: ReadonlySet<number | undefined> = new Set(Buffer.from('\n\t >|:)]"\''));
const OPEN = 0x5b;
const CLOSE = 0x5d;
const DOT = 0x2e;
const SPACE = 0x20;
/** Behind the dot of a kernel's stamp stand so many digits. */
const DIGITS = 6;
/** A stamp stands within so many bytes of the start of its line: then it is no matter where a long line is cut. */
const FARTHEST = 512;
const LINE_FEED = 10;

/**
 * The place of the first stamp of the kernel's own form in whole lines from `from` up to `to`, on a line that begins with it,
 * `[    5.123456]`, with or without `<6>` before it, or has one behind a blank or a mark: a logger's words may stand in front. -1 when
 * there is none.
 */
export function findStamp(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; ) {
    const stamp = findAnyStamp(bytes, at, to);
    if (stamp < 0 || stamp - lineStart(bytes, stamp, at) <= FARTHEST) return stamp;
    const feed = bytes.indexOf(LINE_FEED, stamp);
    at = feed < 0 ? to : feed + 1;
  }
  return -1;
}

/** Where the line begins that a place is in; no line before `from` is asked for. */
export function lineStart(bytes: Uint8Array, place: number, from: number): number {
  return place <= from ? from : Math.max(from, bytes.lastIndexOf(LINE_FEED, place - 1) + 1);
}

function findAnyStamp(bytes: Uint8Array, from: number, to: number): number {
  for (
    let close = bytes.indexOf(CLOSE, from);
    close >= 0 && close < to;
    close = bytes.indexOf(CLOSE, close + 1)
  ) {
    let at = close - 1;
    while (at >= from && close - at <= DIGITS && isDigit(bytes[at])) at -= 1;
    if (close - at !== DIGITS + 1 || bytes[at] !== DOT) continue;
    at -= 1;
    const whole = at;
    while (at >= from && isDigit(bytes[at])) at -= 1;
    if (at === whole) continue;
    while (at >= from && bytes[at] === SPACE) at -= 1;
    if (at < from || bytes[at] !== OPEN) continue;
    const begin = skipLevel(bytes, from, at);
    if (begin === from || BEFORE.has(bytes[begin - 1])) return begin;
  }
  return -1;
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x39;
}

/** Where `<6>` begins that ends at a place; the place itself when there is none. */
function skipLevel(bytes: Uint8Array, from: number, place: number): number {
  if (place - 1 < from || bytes[place - 1] !== 0x3e) return place;
  let at = place - 2;
  while (at >= from && isDigit(bytes[at])) at -= 1;
  return at >= from && at < place - 2 && bytes[at] === 0x3c ? at : place;
}
