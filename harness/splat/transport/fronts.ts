// SPDX-License-Identifier: MIT
import { NOT_A_HOST, NOT_A_TAG } from '../kinds/headline.ts';

/** What a logger, a console server or a laboratory writes before a line, or before the kernel's stamp on it. */
export interface Front {
  readonly name: string;
  /** A line that begins with it. */
  readonly example: string;
  /**
   * It matches at the start of a line. Groups: `tag`, the program that wrote the line: only lines of the kernel count;
   * `kernel`, set if the front shows that the kernel wrote the line; `foreign`, set if another program did.
   */
  readonly pattern: RegExp;
}

const CLOCK = String.raw`\d\d:\d\d:\d\d(?:[.,]\d+)?`;
const ZONE = String.raw`(?:Z|[+-]\d\d:?\d\d)?`;
const DAY = String.raw`\w{3}\s+\d{1,2}`;
const HOST = String.raw`(?!(?:${NOT_A_HOST}): )[\w.:-]*[\w.-]`;
const TAG = String.raw`(?!(?:${NOT_A_TAG})\b)(?<tag>[\w./@:-]+?)(?:\[\d+\])?:(?: |$)`;
const LEVEL = String.raw`[a-z]+\d?\.[a-z]+`;
const STAMP_NEXT = String.raw`(?=\s{0,8}(?:<\d+>)?\[ *\d+\.\d+)`;

/** Rows are tried in this order; a line may have several fronts, one behind the other. */
export const FRONTS: readonly Front[] = [
  {
    name: 'echo in capitals of a small system',
    example: 'DEC  4 15:56:11 WEIR KERN.WARN KERNEL: [    5.123456] FOO: BAR',
    pattern: new RegExp(String.raw`^[A-Z]{3}\s+\d{1,2} ${CLOCK} \S+ [A-Z]+\d?\.[A-Z]+ (?<foreign>KERNEL): `),
  },
  {
    name: 'runner of a forge, container engine',
    example: '2023-11-23T03:40:40.123456Z 00O foo: bar',
    pattern: new RegExp(
      String.raw`^\d{4}-\d\d-\d\dT${CLOCK}Z (?:\d\d[OE][ +]|std(?:out|err) [FP] )|^[^\t\n]{1,80}\t[^\t\n]{1,80}\t\d{4}-\d\d-\d\dT${CLOCK}Z `,
    ),
  },
  {
    name: 'syslog: RFC 3164, with a year, a priority, microseconds, a facility; RFC 3339 times; journalctl short, short-iso, short-precise',
    example: 'Nov  3 03:40:40 warren kernel: foo: bar',
    pattern: new RegExp(
      String.raw`^(?:<\d+>)?(?:${DAY} (?:\d{4} )?${CLOCK}|\d{4}-\d\d-\d\dT${CLOCK}${ZONE}) ${HOST} (?:${LEVEL} )?${TAG}`,
    ),
  },
  {
    name: 'syslog without a tag',
    example: 'Nov  3 03:40:40 warren  foo+0x1/0x2',
    pattern: new RegExp(
      String.raw`^(?:<\d+>)?${DAY} (?:\d{4} )?${CLOCK} ${HOST}(?:$| (?= |\[|(?:${NOT_A_TAG})\b))`,
    ),
  },
  {
    name: 'syslog of a router',
    example: 'Thu Nov 23 03:40:40 2023 kern.warn kernel: foo: bar',
    pattern: new RegExp(String.raw`^\w{3} \w{3} [ \d]\d ${CLOCK} \d{4} ${LEVEL} ${TAG}`),
  },
  {
    name: 'logcat',
    example: '11-23 03:40:40.123     0     0 W         : foo: bar',
    pattern: new RegExp(
      String.raw`^\d\d-\d\d ${CLOCK} +(?:\w+ +)?(?:(?<kernel>0) +0|(?<foreign>\d+) +\d+) [VDIWEF] .*?: `,
    ),
  },
  {
    name: 'syslog, RFC 5424',
    example: '<4>1 2023-11-23T03:40:40.123Z warren kernel - - - foo: bar',
    pattern: /^<\d+>1 \S+ \S+ (?<tag>\S+) \S+ \S+ (?:-|\[[^\]]*\]) (?:\xef\xbb\xbf)?/,
  },
  {
    name: 'syslog, date and blank; journalctl short-full, short-unix',
    example: '2023-11-23 03:40:40 warren kernel: foo: bar',
    pattern: new RegExp(
      String.raw`^(?:\w{3} \d{4}-\d\d-\d\d ${CLOCK} [\w+-]+|\d{4}-\d\d-\d\d ${CLOCK}|\d{9,11}\.\d{3,9}) [\w.-]+ (?:(?<kernel>kernel)|(?<foreign>[\w./@-]+)\[\d+\]): `,
    ),
  },
  { name: 'host and tag', example: 'warren kernel: foo: bar', pattern: /^[\w.-]+ (?<kernel>kernel): / },
  {
    name: 'dmesg -T, -e, -H, -d',
    example: '[Thu Nov 23 03:40:40 2023] foo: bar',
    pattern:
      /^(?:<\d+>)?\[(?<kernel>\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}|\w{3} ?\d{1,2} \d\d:\d\d|\s*\+\d+\.\d+|<\s*\d+\.\d+>)\](?: |$)/,
  },
  {
    name: 'dmesg -x',
    example: 'kern  :warn  : [    5.123456] foo: bar',
    pattern:
      /^(?:(?<kernel>kern)|user|daemon|syslog)\s*:(?:emerg|alert|crit|err|warn|notice|info|debug)\s*: /,
  },
  {
    name: 'a lost-lines notice of the kernel',
    example: '** 12 printk messages dropped ** [    5.123456] foo: bar',
    pattern: /^\*\* \d+ printk messages dropped \*\* ?/,
  },
  { name: 'a prompt', example: 'warren login: [    5.123456] foo: bar', pattern: /^.{0,200}login: (?=\[)/ },
  {
    name: 'containers side by side',
    example: 'warren-1  | [    5.123456] foo: bar',
    pattern: /^[\w.-]{1,60} +\| ?(?=<?\[?\s*\d)/,
  },
  {
    name: 'a serial logger’s date: minicom, conserver, ts, a laboratory',
    example: '[2023-11-23 03:40:40.123] [    5.123456] foo: bar',
    pattern: new RegExp(
      String.raw`^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[.,]?\d*${ZONE}\]?[:\s]\s*|^${DAY} ${CLOCK} ${STAMP_NEXT}`,
    ),
  },
  {
    name: 'a serial logger’s clock: tio, picocom, ts -s, grabserial, ts %.s',
    example: '[03:40:40.123] [    5.123456] foo: bar',
    pattern: /^\[? *\d\d:\d\d:\d\d(?:[.,]\d+)?\]?\s+|^\[\d+\.\d{6} \d+\.\d{6}\] |^\d{9,11}\.\d{3,9} /,
  },
];

/** A cheap test that every line with a front passes. */
export const FRONT_HINT: RegExp =
  /^[[*\d<]|^(?:kern|user|daemon|syslog)\s*:|^\w{3} |^[\w.-]+ (?:kernel: | *\| ?)|login: \[|^[^\t\n]{1,80}\t[^\t\n]{1,80}\t\d{4}-/;

/** The front of a line, and what it shows; null if there is none. */
export function findFront(line: string): RegExpExecArray | null {
  if (!FRONT_HINT.test(line)) return null;
  for (const { pattern } of FRONTS) {
    const match = pattern.exec(line);
    if (match) return match;
  }
  return null;
}
