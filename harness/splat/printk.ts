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

const STAMP = /^(?:<\d+>)?\[\s*(\d+\.\d+)\](?:\[\s*([TC]\d+)\])? ?/;
const SYSLOG = /^(?:\w{3}\s+\d+ \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) \S+ ([\w./-]+)(?:\[\d+\])?: /;

/** Takes a line apart; null for a line that another program wrote into the same syslog file. */
export function parseLine(raw: string): LogLine | null {
  let line = raw.replace(/[\r\0]/g, '');
  const login = line.indexOf('login: [');
  if (login >= 0) line = line.slice(login + 7);
  line = line.replace(/^\*\* \d+ printk messages dropped \*\* /, '');
  const syslog = SYSLOG.exec(line);
  if (syslog) {
    if (syslog[1] !== 'kernel') return null;
    line = line.slice(syslog[0].length);
  }
  const stamp = STAMP.exec(line);
  if (!stamp) return { context: 'none', seconds: null, text: line };
  return { context: stamp[2] ?? 'console', seconds: Number(stamp[1]), text: line.slice(stamp[0].length) };
}
