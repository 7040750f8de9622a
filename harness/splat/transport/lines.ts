// SPDX-License-Identifier: MIT
import { CONSOLE, clean, JOURNAL, type LogLine, NO_CONTEXT, readContext } from '../printk.ts';
import type { Window } from '../window.ts';
import { findFront } from './fronts.ts';
import { type LinePrefix, LinePrefixes } from './prefix.ts';
import { findStamp, lineStart } from './stamp.ts';

const STAMP = /^(?:<\d+>)?\[\s*(\d+\.\d+)(?:[^\]\s]{0,12}| <\s*\d+\.\d+>)\](?:\[\s*([TC]\d{1,12})\])? ?/;
/** A record as /dev/kmsg gives it: level, number, microseconds, flags. */
const RECORD = /^\d{1,3},\d+,(\d+),[-c+](?:,caller=([TC]\d{1,12}))?(?:,[^;]*)?;/;
/** Words of a program, and a stamp that the kernel printed behind them on the same line. */
const STAMP_INSIDE = /(?<! kernel:)\[ *\d+\.\d{6}\](?:\[ *[TC]\d{1,12}\])? /;
const CALLER = /^\[\s*([TC]\d{1,12})\] ?/;
/** A line has at most this many fronts. */
const ROUNDS = 5;

/** Reads single lines of a log in whatever form a logger left them, and remembers what stands before its stamps. */
export class LineReader {
  readonly #window: Window;
  /** Where the first stamp stands. */
  #stampedFrom = Number.POSITIVE_INFINITY;
  /** What stands before that stamp on its line, and so before the others of this log. */
  #prefix: LinePrefix | null = null;

  constructor(window: Window) {
    this.#window = window;
  }

  /** Whether the log has had a stamp. */
  get isStamped(): boolean {
    return this.#stampedFrom !== Number.POSITIVE_INFINITY;
  }

  /** Whether a stamp has come before a place of the log. */
  isStampedBefore(offset: number): boolean {
    return offset > this.#stampedFrom;
  }

  /** Learns from whole lines of the window, each of which comes once. */
  learn(from: number, to: number): void {
    if (this.isStamped) return;
    const { bytes } = this.#window;
    const stamp = findStamp(bytes, from, to);
    if (stamp < 0) return;
    this.#stampedFrom = this.#window.offsetOf(stamp);
    this.#prefix = new LinePrefixes().ofLog(bytes.toString('latin1', lineStart(bytes, stamp, from), stamp));
  }

  /**
   * Reads a line that is not in the usual form; null for one that another program wrote to the same file. `words` is the
   * place of a headline's words in it.
   */
  read(from: number, to: number, words = -1): LogLine | null {
    const text = this.#window.bytes.toString('latin1', from, to);
    // The kernel's line overwrote a prompt or a progress bar.
    const overwritten = text.includes('\r') ? text.lastIndexOf('\r[') : -1;
    const whole = clean(overwritten < 0 ? text : text.slice(overwritten + 1));
    const line = readFronts(whole).line;
    if (line === null || line.seconds !== null) return line;
    const prefix = this.isStampedBefore(this.#window.endOf(to)) ? this.#prefix : null;
    const behind = prefix?.strip(whole);
    const stamped = behind === null || behind === undefined ? null : readStamp(behind);
    if (stamped) return stamped;
    const inside = words >= 0 && line.context === NO_CONTEXT ? readInside(whole, words - from) : null;
    return inside ?? line;
  }
}

/** The parts of a line in any form. */
export interface FrontParts {
  /** Null for a line of another program. */
  readonly line: LogLine | null;
  /** The number of characters before its text, the stamp included. */
  readonly length: number;
}

/** Takes off all that loggers and the kernel put before the text of a line. */
export function readFronts(whole: string): FrontParts {
  let at = /^[ \t]/.test(whole) ? indentOf(whole) : 0;
  let named = false;
  for (let round = 0; round < ROUNDS; round += 1) {
    const rest = at === 0 ? whole : whole.slice(at);
    const stamped = rest.startsWith('[') || rest.startsWith('<') ? readStamp(rest) : null;
    if (stamped) return { line: stamped, length: whole.length - stamped.text.length };
    const front = findFront(rest);
    if (!front) break;
    const { tag, kernel, foreign } = front.groups ?? {};
    at += front[0].length;
    if (foreign !== undefined || (tag !== undefined && tag !== 'kernel')) return { line: null, length: at };
    named ||= tag !== undefined || kernel !== undefined;
  }
  const rest = at === 0 ? whole : whole.slice(at);
  const record = rest.includes(';') ? RECORD.exec(rest) : null;
  if (record) {
    const text = rest.slice(record[0].length);
    const line = { context: readContext(record[2]), seconds: Number(record[1]) / 1e6, text };
    return { line, length: whole.length - text.length };
  }
  const caller = named && rest.startsWith('[') ? CALLER.exec(rest) : null;
  const level = /^<\d+>/.exec(rest);
  const text = rest.slice((caller ?? level)?.[0].length ?? 0);
  const context = caller ? readContext(caller[1]) : named || level ? CONSOLE : NO_CONTEXT;
  return { line: { context, seconds: null, text }, length: whole.length - text.length };
}

/** The number of blanks before a stamp that something set in; 0 if no stamp comes. */
function indentOf(line: string): number {
  const blanks = line.search(/[^ \t]/);
  return blanks > 0 && STAMP.test(line.slice(blanks)) ? blanks : 0;
}

/** Parses a line that begins with a stamp, or with a level and a stamp; null for any other. */
function readStamp(line: string): LogLine | null {
  const stamp = STAMP.exec(line);
  if (!stamp) return null;
  const text = line.slice(stamp[0].length);
  const journal = text.includes(' kernel: ') ? JOURNAL.exec(text) : null;
  return {
    context: readContext(stamp[2]),
    seconds: Number(stamp[1]),
    text: journal ? text.slice(journal[0].length) : text,
  };
}

/** A line of the kernel that begins behind the words of a program; null if the headline's words stand before its stamp. */
function readInside(line: string, words: number): LogLine | null {
  const stamp = STAMP_INSIDE.exec(line);
  if (!stamp || stamp.index > words) return null;
  return readStamp(line.slice(stamp.index));
}
