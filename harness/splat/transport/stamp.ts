// SPDX-License-Identifier: MIT

/** Characters that may stand before a stamp: the end of a logger's prefix, of a quotation mark, of a key. */
const BEFORE: ReadonlySet<number | undefined> = new Set(Buffer.from('\n\t >|:)]"\''));
const OPEN = 0x5b;
const CLOSE = 0x5d;
const DOT = 0x2e;
const SPACE = 0x20;
/** Number of fractional digits in a printk timestamp. */
const DIGITS = 6;
/** A stamp begins within this many bytes of the start of its line, so that cutting a long line changes nothing. */
const FARTHEST = 512;
const LINE_FEED = 10;

/**
 * Finds the first stamp of the kernel's form, `[    5.123456]` with or without `<6>` before it, in whole lines from
 * `from` up to `to`. It begins its line or stands after a blank or a mark, such as those of a logger; -1 if there is none.
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

/** The start of the line that contains a place, but never before `from`. */
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

/** The start of the `<6>` that ends at a place; the place itself if there is none. */
function skipLevel(bytes: Uint8Array, from: number, place: number): number {
  if (place - 1 < from || bytes[place - 1] !== 0x3e) return place;
  let at = place - 2;
  while (at >= from && isDigit(bytes[at])) at -= 1;
  return at >= from && at < place - 2 && bytes[at] === 0x3c ? at : place;
}
