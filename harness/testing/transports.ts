// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Splat } from '../model/index.ts';
import { scanLog } from '../splat/index.ts';
import { readMarkedLog } from './marked.ts';
import { GOLDEN_LOGS } from './provoke.ts';

/** A way in which a log reaches people. Logs have one character a byte. */
export interface Carriage {
  readonly name: string;
  readonly carry: (log: string) => string;
}

const STAMP = /^\[ *(\d+)\.(\d{6})\](?:\[ *[TC]\d+\])? ?(.*)$/;
const eachLine = (write: (line: string, index: number) => string) => (log: string) =>
  log
    .split('\n')
    .map((line, index, all) => (index === all.length - 1 && line === '' ? '' : write(line, index)))
    .join('\n');
const eachPart = (write: (seconds: string, micros: string, text: string) => string) =>
  eachLine((line) => {
    const [, seconds = '', micros = '', text = ''] = STAMP.exec(line) ?? [];
    return seconds === '' ? line : write(seconds, micros, text);
  });
const two = (value: number) => String(value).padStart(2, '0');
/** A wall clock that a logger with a second's resolution would have read. */
const clock = (seconds: string) =>
  `${two(3 + Math.floor(Number(seconds) / 3600))}:${two(Math.floor(Number(seconds) / 60) % 60)}:${two(Number(seconds) % 60)}`;

/** Breaks a line at the last blank before a column, as mail programs do; a longer word stays whole. */
function wrapLine(line: string, width: number): string[] {
  const parts: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const before = rest.lastIndexOf(' ', width);
    const at = before > 0 && rest.slice(0, before).trim() !== '' ? before : rest.indexOf(' ', width);
    if (at < 0) break;
    parts.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at + 1);
  }
  return [...parts, rest.trimEnd()];
}

const wrap = (width: number) => eachLine((line) => wrapLine(line, width).join('\n'));
const quote = (mark: string) => eachLine((line) => `${mark}${line}`);

/** Fills all lines between two empty ones into a paragraph. */
function fill(log: string): string {
  return log
    .split(/\n{2,}/)
    .map((paragraph) => wrapLine(paragraph.split('\n').join(' '), 72).join('\n'))
    .join('\n\n');
}

const DIRECTORIES = ['drivers/misc/lkdtm/bugs.c', 'mm/slub.c', 'lib/dump_stack.c', 'kernel/softirq.c'];

/** The output of the kernel's scripts/decode_stacktrace.sh: places in sources instead of offsets. */
const decode = eachLine((line, index) =>
  line.replace(
    /(^|[ (:])([A-Za-z_][\w.]*)\+0x[0-9a-f]+\/0x[0-9a-f]+( \[[\w-]+\])?/g,
    (_, before: string, name: string, module?: string) =>
      `${before}${name} (${DIRECTORIES[index % DIRECTORIES.length]}:${100 + index}${index % 3 === 0 ? ` (discriminator ${(index % 5) + 1})` : ''})${module ? ` ${module.slice(2, -1)}` : ''}`,
  ),
);

const QP_LINE = 76;

function encodeQuotedPrintable(log: string): string {
  return eachLine((line) => {
    let rest = line
      .replace(/[=\x80-\xff]/g, (one) => `=${one.charCodeAt(0).toString(16).toUpperCase()}`)
      .replace(/ $/, '=20');
    const parts: string[] = [];
    while (rest.length > QP_LINE) {
      const cut = rest.lastIndexOf('=', QP_LINE - 1);
      const at = cut > QP_LINE - 4 ? cut : QP_LINE - 1;
      parts.push(`${rest.slice(0, at)}=`);
      rest = rest.slice(at);
    }
    return [...parts, rest].join('\n');
  })(log);
}

const escapeHtml = (line: string) =>
  line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const host = 'warren';

/** Text that the journal can print: it shows other bytes as a number of them. */
const journal = (seconds: string, micros: string, text: string) => ({
  __MONOTONIC_TIMESTAMP: String(Number(seconds) * 1_000_000 + Number(micros)),
  _SOURCE_MONOTONIC_TIMESTAMP: String(Number(seconds) * 1_000_000 + Number(micros)),
  _TRANSPORT: 'kernel',
  SYSLOG_IDENTIFIER: 'kernel',
  PRIORITY: '4',
  MESSAGE: text,
});

const onlyKernel = (log: string) =>
  log
    .split('\n')
    .filter((line) => STAMP.test(line))
    .join('\n');
const reverse = (log: string) => log.split('\n').reverse().join('\n').replace(/^\n/, '');

export const CARRIAGES: readonly Carriage[] = [
  { name: 'wrapped at 72 columns', carry: wrap(72) },
  { name: 'wrapped at 76 columns', carry: wrap(76) },
  { name: 'wrapped at 80 columns', carry: wrap(80) },
  { name: 'wrapped at 72, quoted', carry: (log) => quote('> ')(wrap(72)(log)) },
  { name: 'reflowed', carry: fill },
  { name: 'reflowed, quoted', carry: (log) => quote('> ')(fill(log)) },
  { name: 'quoted twice', carry: quote('> > ') },
  { name: 'quoted twice, close', carry: quote('>> ') },
  { name: 'quoted by bars', carry: quote('| ') },
  { name: 'decoded by the kernel’s script', carry: decode },
  { name: 'decoded, wrapped at 76', carry: (log) => wrap(76)(decode(log)) },
  { name: 'quoted-printable', carry: encodeQuotedPrintable },
  { name: 'entities of HTML', carry: eachLine(escapeHtml) },
  {
    name: 'EBCDIC brackets',
    carry: eachLine((line) => line.replaceAll('[', '\xc2\xa2').replaceAll(']', '!')),
  },
  {
    name: 'journalctl',
    carry: eachPart((seconds, _, text) => `Nov 03 ${clock(seconds)} ${host} kernel: ${text}`),
  },
  {
    name: 'journalctl -o short-iso',
    carry: eachPart((seconds, _, text) => `2023-11-03T${clock(seconds)}+0100 ${host} kernel: ${text}`),
  },
  {
    name: 'journalctl -o short-precise',
    carry: eachPart((seconds, micros, text) => `Nov 03 ${clock(seconds)}.${micros} ${host} kernel: ${text}`),
  },
  {
    name: 'journalctl -o short-monotonic',
    carry: eachPart((seconds, micros, text) => `[${seconds.padStart(5)}.${micros}] ${host} kernel: ${text}`),
  },
  {
    name: 'journalctl -o json',
    carry: eachPart((seconds, micros, text) => JSON.stringify(journal(seconds, micros, text))),
  },
  {
    name: 'journalctl -o export',
    carry: (log) =>
      eachPart((seconds, micros, text) =>
        [
          '__CURSOR=s=1',
          ...Object.entries(journal(seconds, micros, text)).map(([name, value]) => `${name}=${value}`),
          '',
        ].join('\n'),
      )(onlyKernel(log)),
  },
  { name: 'journalctl -o cat', carry: eachPart((_, __, text) => text) },
  {
    name: 'journalctl -r',
    carry: (log) =>
      reverse(
        eachPart((seconds, _, text) => `Nov 03 ${clock(seconds)} ${host} kernel: ${text}`)(onlyKernel(log)),
      ),
  },
  { name: 'newest line first', carry: (log) => reverse(onlyKernel(log)) },
  { name: 'every line twice', carry: eachLine((line) => `${line}\n${line}`) },
  { name: 'with \\r', carry: eachLine((line) => `${line}\r`) },
  {
    name: 'with an echo in capitals',
    carry: eachLine((line) => `${line}\nNOV  3 03:40:40 WARREN KERN.WARN KERNEL: ${line.toUpperCase()}`),
  },
  { name: 'in capitals', carry: eachLine((line) => line.toUpperCase()) },
  {
    name: 'dmesg -T',
    carry: eachPart((seconds, _, text) => `[Fri Nov  3 ${clock(seconds)} 2023] ${text}`),
  },
  { name: 'dmesg -x', carry: eachLine((line) => (STAMP.test(line) ? `kern  :warn  : ${line}` : line)) },
  {
    name: 'RFC 5424',
    carry: eachLine((line) => `<4>1 2023-11-03T03:40:40.123Z ${host} kernel - - - ${line}`),
  },
  {
    name: 'GitLab',
    carry: eachLine((line) => `2023-11-03T03:40:40.123456Z 01O ${line}`),
  },
  { name: 'GitHub', carry: eachLine((line) => `2023-11-03T03:40:40.1234567Z ${line}`) },
  {
    name: 'LAVA',
    carry: eachLine(
      (line) => `- {"dt": "2023-11-03T03:40:40.123456", "lvl": "target", "msg": ${JSON.stringify(line)}}`,
    ),
  },
  { name: 'minicom', carry: eachLine((line) => `[2023-11-03 03:40:40.123] ${line}`) },
  { name: 'ts', carry: eachLine((line) => `Nov 03 03:40:40 ${line}`) },
  {
    name: 'a tab before half of it',
    carry: (log) => eachLine((line, index) => (index * 2 > log.split('\n').length ? `\t${line}` : line))(log),
  },
];

/** `same`: the titles and culprits of the plain log; `torn`: some only as corrupted, under no wrong name. */
export type CarriageVerdict = 'same' | 'torn' | 'wrong';

export interface CarriageResult {
  readonly carriage: string;
  readonly log: string;
  readonly verdict: CarriageVerdict;
  /** What is wrong, for people. */
  readonly words: string;
}

/** The golden logs, by name, without their heads. */
export function readGoldenLogs(): ReadonlyMap<string, string> {
  const names = readdirSync(GOLDEN_LOGS).filter((name) => name.endsWith('.log'));
  return new Map(
    names.map((name) => [
      name,
      readMarkedLog(readFileSync(join(GOLDEN_LOGS, name), 'latin1')).log.replaceAll('\r', ''),
    ]),
  );
}

/** What is read from a log that comes as the kernel printed it. */
export const readPlain = (log: string): readonly Splat[] => scanLog(Buffer.from(log, 'latin1'));

/** Compares what is read from a log that was carried with what is read from the log itself. */
export function judgeCarriage(
  { name, carry }: Carriage,
  log: string,
  text: string,
  plain = readPlain(text),
): CarriageResult {
  const carried = readPlain(carry(text));
  const roots = plain.filter((splat) => splat.follows === null);
  const culprits = new Set(plain.map((splat) => splat.culprit));
  const isKnown = (splat: Splat) =>
    plain.some((one) => one.title === splat.title && one.culprit === splat.culprit);
  const isUnnamed = (splat: Splat) =>
    splat.corrupted && (splat.culprit === null || culprits.has(splat.culprit));
  const isRight =
    carried.length > 0 === plain.length > 0 && carried.every((splat) => isKnown(splat) || isUnnamed(splat));
  const isSame =
    isRight &&
    carried[0]?.title === plain[0]?.title &&
    roots.every((root) =>
      carried.some((splat) => splat.title === root.title && splat.culprit === root.culprit),
    ) &&
    carried.every(isKnown);
  const names = (splats: readonly Splat[]) =>
    splats.map((splat) => `${splat.title}${splat.corrupted ? ' (corrupted)' : ''}`).join(', ');
  return {
    carriage: name,
    log,
    verdict: isSame ? 'same' : isRight ? 'torn' : 'wrong',
    words: isSame ? '' : `${names(carried) || 'nothing'}; it is ${names(plain) || 'quiet'}`,
  };
}
