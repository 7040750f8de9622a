// SPDX-License-Identifier: MIT

/** One line of a kernel log, taken apart. */
export interface LogLine {
  /** Who printed it: a caller id such as `T42` or `C1`, `console` where there is only a stamp, `none` without any. */
  readonly context: string;
  /** Seconds since boot, or null. */
  readonly seconds: number | null;
  /** What is left after stamps. */
  readonly text: string;
}

const STAMP = /^(?:<\d+>)?\[\s*(\d+\.\d+)[^\]\s]{0,12}\](?:\[\s*([TC]\d+)\])? ?/;
/** `dmesg -T`: a date of the wall clock instead of seconds. */
const DATE_STAMP = /^(?:<\d+>)?\[\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\](?:\[\s*([TC]\d+)\])? /;
const SYSLOG =
  /^(?:<\d+>)?(?:\w{3}\s+\d+ \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]+\S*) [\w.:-]+ ([\w./@:-]+?)(?:\[\d+\])?: /;
/** What consoles, loggers and laboratories put in front of the kernel's own stamp. */
const FRONT = [
  /^\*\* \d+ printk messages dropped \*\* ?/,
  /^.{0,200}login: (?=\[)/,
  /^kern\s*:\w+\s*: (?=\[)/,
  /^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[.,]?\d*(?:Z|[+-]\d\d:?\d\d)?\]?[:\s]\s*/,
];
/** `journalctl -o short-monotonic` names host and program behind the stamp. */
const JOURNAL = /^[\w.-]+ kernel: /;
const NOISE = /[\r\0]|\x1b\[[?\d;]*[A-Za-z]/g;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const SPACE = 0x20;
const DOT = 0x2e;

/** Takes a line apart; null for a line that another program wrote into the same syslog file. */
export function parseLine(raw: string): LogLine | null {
  const line = trimNoise(raw);
  const plain = readStamp(line);
  if (plain === undefined) return readFront(line);
  const named = plain.text.includes(' kernel: ') ? JOURNAL.exec(plain.text) : null;
  return named ? { ...plain, text: plain.text.slice(named[0].length) } : plain;
}

function trimNoise(raw: string): string {
  const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
  NOISE.lastIndex = 0;
  return NOISE.test(line) ? line.replace(NOISE, '') : line;
}

/** The usual form, by hand, since every line near a report passes here: `[    5.123456][   T42] text`. */
function readStamp(line: string): LogLine | undefined {
  if (line.charCodeAt(0) !== OPEN) return undefined;
  let whole = 0;
  let part = 0;
  let scale = 0;
  let at = 1;
  for (; ; at += 1) {
    const code = line.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) {
      if (scale === 0) whole = whole * 10 + code - 0x30;
      else {
        part = part * 10 + code - 0x30;
        scale *= 10;
      }
    } else if (code === DOT && scale === 0 && at > 1) scale = 1;
    else if (code === CLOSE && scale > 1) break;
    else if (code !== SPACE || scale > 0) return undefined;
  }
  let from = at + 1;
  let context = 'console';
  if (line.charCodeAt(from) === OPEN) {
    const caller = readCaller(line, from);
    if (caller) {
      context = caller.context;
      from = caller.end;
    }
  }
  if (line.charCodeAt(from) === SPACE) from += 1;
  return { context, seconds: whole + part / scale, text: line.slice(from) };
}

function readCaller(line: string, from: number): { readonly context: string; readonly end: number } | null {
  let at = from + 1;
  while (line.charCodeAt(at) === SPACE) at += 1;
  const first = line[at];
  if (first !== 'T' && first !== 'C') return null;
  const begin = at;
  at += 1;
  while (line.charCodeAt(at) >= 0x30 && line.charCodeAt(at) <= 0x39) at += 1;
  if (at === begin + 1 || line.charCodeAt(at) !== CLOSE) return null;
  return { context: line.slice(begin, at), end: at + 1 };
}

function readFront(whole: string): LogLine | null {
  let line = whole;
  let named = false;
  for (let round = 0; round < 4; round += 1) {
    const syslog = SYSLOG.exec(line);
    if (syslog) {
      if (syslog[1] !== 'kernel') return null;
      named = true;
      line = line.slice(syslog[0].length);
      continue;
    }
    const front = FRONT.find((pattern) => pattern.test(line));
    if (!front) break;
    line = line.replace(front, '');
  }
  const stamp = STAMP.exec(line);
  if (stamp)
    return { context: stamp[2] ?? 'console', seconds: Number(stamp[1]), text: line.slice(stamp[0].length) };
  const date = DATE_STAMP.exec(line);
  if (date) return { context: date[1] ?? 'console', seconds: null, text: line.slice(date[0].length) };
  const level = /^<\d+>/.exec(line);
  if (level) return { context: 'console', seconds: null, text: line.slice(level[0].length) };
  return { context: named ? 'console' : 'none', seconds: null, text: line };
}
