// SPDX-License-Identifier: MIT
/**
 * Who printed a line: the number of a task (caller id `T42`), or one of the values below 0. A report is made of lines of
 * one context.
 */
export type ContextId = number;

/** No stamp shows that the kernel printed it. */
export const NO_CONTEXT: ContextId = -1;
/** It has a stamp, but no caller id. */
export const CONSOLE: ContextId = -2;
const FIRST_CPU = -3;

export const isTask = (context: ContextId): boolean => context >= 0;
/** Caller id `C1`: an interrupt on processor 1. */
export const isProcessor = (context: ContextId): boolean => context <= FIRST_CPU;

/** One line of a kernel log, parsed. */
export interface LogLine {
  readonly context: ContextId;
  /** Seconds since boot, or null. */
  readonly seconds: number | null;
  /** The line without its stamp. */
  readonly text: string;
}

/** The parts of a line in the usual form. One object is reused, because every line near a report is parsed. */
export class StampedLine {
  context: ContextId = NO_CONTEXT;
  seconds = 0;
  /** Where the text begins. */
  at = 0;
}

/** `journalctl -o short-monotonic` prints host and program after the stamp. */
export const JOURNAL = /^[\w.-]+ kernel: /;
/** Control sequences, and the byte order mark of some editors. */
/** A cheap test that every line with noise passes. */
const NOISE_HINT = /[\r\0\x1b\xef]/;
const NOISE = /[\r\0]|\x1b\[[?\d;]*[A-Za-z]|^\xef\xbb\xbf/g;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const SPACE = 0x20;
const DOT = 0x2e;
const CARRIAGE_RETURN = 0x0d;

/** The text of a line in the usual form. */
export function restOfLine(bytes: Buffer, to: number, line: StampedLine): LogLine {
  const { context, seconds } = line;
  const text = readText(bytes, line.at, to);
  const named = text.includes(' kernel: ') ? JOURNAL.exec(text) : null;
  return { context, seconds, text: named ? text.slice(named[0].length) : text };
}

function readText(bytes: Buffer, from: number, to: number): string {
  return clean(bytes.toString('latin1', from, to > from && bytes[to - 1] === CARRIAGE_RETURN ? to - 1 : to));
}

/** Removes what only a terminal understands. */
export function clean(text: string): string {
  return NOISE_HINT.test(text) ? text.replace(NOISE, '') : text;
}

/** Parses the usual form, `[    5.123456][   T42] text`, into `line`; false for any other line. */
export function readStamped(bytes: Uint8Array, from: number, to: number, line: StampedLine): boolean {
  if (bytes[from] !== OPEN) return false;
  let whole = 0;
  let part = 0;
  let scale = 0;
  let at = from + 1;
  for (; at < to; at += 1) {
    const code = bytes[at] ?? 0;
    if (code >= 0x30 && code <= 0x39) {
      if (scale === 0) whole = whole * 10 + code - 0x30;
      else {
        part = part * 10 + code - 0x30;
        scale *= 10;
      }
    } else if (code === DOT && scale === 0 && at > from + 1) scale = 1;
    else if (code === CLOSE && scale > 1) break;
    else if (code !== SPACE || scale > 0) return false;
  }
  if (at >= to) return false;
  at += 1;
  line.context = CONSOLE;
  line.seconds = whole + part / scale;
  if (bytes[at] === OPEN) at = readCaller(bytes, at, to, line);
  line.at = at < to && bytes[at] === SPACE ? at + 1 : at;
  return true;
}

/** Returns the place after the caller id; `from` if there is none. */
function readCaller(bytes: Uint8Array, from: number, to: number, line: StampedLine): number {
  let at = from + 1;
  while (at < to && bytes[at] === SPACE) at += 1;
  const letter = bytes[at];
  if (letter !== 0x54 && letter !== 0x43) return from;
  const first = at + 1;
  let id = 0;
  for (at = first; at < to; at += 1) {
    const code = bytes[at] ?? 0;
    if (code < 0x30 || code > 0x39) break;
    id = id * 10 + code - 0x30;
  }
  if (at === first || at > first + 12 || at >= to || bytes[at] !== CLOSE) return from;
  line.context = letter === 0x54 ? id : FIRST_CPU - id;
  return at + 1;
}

/** Who printed a line, by its caller id: `T42`, `C1`, or none. */
export function readContext(caller: string | undefined): ContextId {
  if (caller === undefined) return CONSOLE;
  const id = Number(caller.slice(1));
  return caller.startsWith('T') ? id : FIRST_CPU - id;
}
