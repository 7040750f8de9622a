// SPDX-License-Identifier: MIT
import { NOT_A_HOST } from './kinds/headline.ts';
import type { LinePrefix } from './line-prefix.ts';

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

const STAMP = /^(?:<\d+>)?\[\s*(\d+\.\d+)(?:[^\]\s]{0,12}| <\s*\d+\.\d+>)\](?:\[\s*([TC]\d{1,12})\])? ?/;
/** `dmesg -T`, `-e` and `-d`: wall-clock time, or the time since the line before, instead of seconds. */
const DATE_STAMP =
  /^(?:<\d+>)?\[(?:\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}|\w{3} ?\d{1,2} \d\d:\d\d|\s*\+\d+\.\d+|<\s*\d+\.\d+>)\](?:\[\s*([TC]\d{1,12})\])? /;
const CLOCK = String.raw`\d\d:\d\d:\d\d(?:\.\d+)?`;
const TAG = String.raw`(?<tag>[\w./@:-]+?)`;
const NO_HOST = `(?!(?:${NOT_A_HOST}): )`;
/** A record as /dev/kmsg gives it: level, number, microseconds, flags. */
const RECORD = /^\d{1,3},\d+,(\d+),[-c+](?:,caller=([TC]\d{1,12}))?(?:,[^;]*)?;/;
/** A syslog file's time, host and program: since 1980, RFC 3339 times, RFC 5424, dates with a blank, Android's. */
const SYSLOG = new RegExp(
  [
    String.raw`^(?:<\d+>)?(?:\w{3}\s+\d+ (?:\d{4} )?${CLOCK}|\d{4}-\d\d-\d\dT${CLOCK}(?:Z|[+-]\d\d:?\d\d)?) ${NO_HOST}[\w.:-]*[\w.-] (?:[a-z]+\d?\.[a-z]+ )?${TAG}(?:\[\d+\])?: `,
    String.raw`^\w{3} \w{3} [ \d]\d ${CLOCK} \d{4} [a-z]+\d?\.[a-z]+ ${TAG.replace('tag', 'program')}(?:\[\d+\])?: `,
    String.raw`^\d\d-\d\d ${CLOCK} +(?:\w+ +)?(?:(?<none>0) +0|\d+ +\d+) [VDIWEF] .*?: `,
    String.raw`^<\d+>1 \S+ \S+ ${TAG.replace('tag', 'name')} \S+ \S+ (?:-|\[[^\]]*\]) `,
    String.raw`^\d{4}-\d\d-\d\d ${CLOCK} [\w.-]+ (?:(?<kernel>kernel)|[\w./@-]+\[\d+\]): `,
  ].join('|'),
);
/** What consoles, loggers and test labs print before the kernel's stamp. */
const PREFIXES: readonly RegExp[] = [
  /^[\w.-]+ kernel: /,
  /^\[? *\d\d:\d\d:\d\d(?:[.,]\d+)?\]?\s+/,
  /^\*\* \d+ printk messages dropped \*\* ?/,
  /^.{0,200}login: (?=\[)/,
  /^kern\s*:\w+\s*: (?=\[)/,
  /^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[.,]?\d*(?:Z|[+-]\d\d:?\d\d)?\]?[:\s]\s*/,
];
/** A cheap test that every line with such a prefix passes. */
const PREFIX_HINT = /^(?:[[*\d]|kern|[\w.-]+ kernel: )|login: \[/;
/** A prefix that names the kernel. */
const KERNEL_TAG = / kernel: $/;
/** A line has at most this many prefixes. */
const ROUNDS = 5;
/** `journalctl -o short-monotonic` prints host and program after the stamp. */
const JOURNAL = /^[\w.-]+ kernel: /;
/** Control sequences, and the byte order mark of some editors. */
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

/**
 * Parses a line that is not in the usual form; null for one that another program wrote to the same syslog file.
 * `linePrefix` is what stands before the stamps of this log.
 */
export function parseUnformattedLine(
  bytes: Buffer,
  from: number,
  to: number,
  linePrefix: LinePrefix | null,
): LogLine | null {
  const text = bytes.toString('latin1', from, to);
  // The kernel's line overwrote a prompt or a progress bar.
  const overwritten = text.includes('\r') ? text.lastIndexOf('\r[') : -1;
  return stripPrefixes(clean(overwritten < 0 ? text : text.slice(overwritten + 1)), linePrefix);
}

function readText(bytes: Buffer, from: number, to: number): string {
  return clean(bytes.toString('latin1', from, to > from && bytes[to - 1] === CARRIAGE_RETURN ? to - 1 : to));
}

function clean(text: string): string {
  NOISE.lastIndex = 0;
  return NOISE.test(text) ? text.replace(NOISE, '') : text;
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

function readContext(caller: string | undefined): ContextId {
  if (caller === undefined) return CONSOLE;
  const id = Number(caller.slice(1));
  return caller.startsWith('T') ? id : FIRST_CPU - id;
}

function stripPrefixes(whole: string, linePrefix: LinePrefix | null): LogLine | null {
  let line = whole;
  let named = false;
  for (let round = 0; round < ROUNDS; round += 1) {
    const stamped = line.startsWith('[') || line.startsWith('<') ? readStamp(line) : null;
    if (stamped) return stamped;
    const syslog = /^[<\w]/.test(line) ? SYSLOG.exec(line) : null;
    if (syslog) {
      const { tag, name, program, kernel, none } = syslog.groups ?? {};
      if ((tag ?? name ?? program ?? kernel) !== 'kernel' && none === undefined) return null;
      named = true;
      line = line.slice(syslog[0].length);
      continue;
    }
    const known = findPrefix(line);
    if (known === '') break;
    named ||= KERNEL_TAG.test(known);
    line = line.slice(known.length);
  }
  const record = line.includes(';') ? RECORD.exec(line) : null;
  if (record)
    return {
      context: readContext(record[2]),
      seconds: Number(record[1]) / 1e6,
      text: line.slice(record[0].length),
    };
  const stamped = linePrefix?.strip(whole);
  const inner = stamped === undefined || stamped === null ? null : readStamp(stamped);
  if (inner) return inner;
  const level = line.startsWith('<') ? /^<\d+>/.exec(line) : null;
  if (level) return { context: CONSOLE, seconds: null, text: line.slice(level[0].length) };
  return { context: named ? CONSOLE : NO_CONTEXT, seconds: null, text: line };
}

/** Parses a line that begins with a stamp, or with a level and a stamp; null for any other. */
function readStamp(line: string): LogLine | null {
  const stamp = STAMP.exec(line);
  if (stamp) {
    const text = line.slice(stamp[0].length);
    const journal = text.includes(' kernel: ') ? JOURNAL.exec(text) : null;
    return {
      context: readContext(stamp[2]),
      seconds: Number(stamp[1]),
      text: journal ? text.slice(journal[0].length) : text,
    };
  }
  const date = DATE_STAMP.exec(line);
  return date && { context: readContext(date[1]), seconds: null, text: line.slice(date[0].length) };
}

/** The known prefix of a line; '' if it has none. */
function findPrefix(line: string): string {
  if (!PREFIX_HINT.test(line)) return '';
  for (const pattern of PREFIXES) {
    const match = pattern.exec(line);
    if (match) return match[0];
  }
  return '';
}
