// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import type { Splat } from '../model/index.ts';
import { createScanner, scanLog } from './index.ts';
import { HEADLINE_WORDS } from './kind.ts';
import { anyLog, carriedLog, hurtLog, soundLog } from './mutate.fuzz.ts';

/** What holds for every log. */
export interface ScanProperty {
  readonly name: string;
  /** What it is tried on: a log, and places in it as shares of its length. */
  readonly inputs: fc.Arbitrary<readonly [string, readonly number[]]>;
  /** What is wrong with a log, or null. */
  readonly check: (log: string, places: readonly number[]) => string | null;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
const places = fc.array(share, { maxLength: 6 });
const withPlaces = (log: fc.Arbitrary<string>) => fc.tuple(log, places);
const bytesOf = (log: string) => Buffer.from(log, 'latin1');
const show = (splat: Splat) => `${splat.title} at ${splat.start} to ${splat.end}`;

function scanInChunks(log: Buffer, cuts: readonly number[]): readonly Splat[] {
  const scanner = createScanner();
  let from = 0;
  for (const cut of [...cuts.map((cut) => Math.floor(cut * log.length)).sort((a, b) => a - b), log.length]) {
    scanner.push(log.subarray(from, cut));
    from = cut;
  }
  return scanner.end();
}

function checkRanges(log: string): string | null {
  const bytes = bytesOf(log);
  let last = 0;
  for (const splat of scanLog(bytes)) {
    const { start, end } = splat;
    // Headlines are in order; a line before one may stand before an earlier one.
    if (!(last < end && start < end && end <= bytes.length)) return `no place in the log: ${show(splat)}`;
    last = start;
    const own = bytes.toString('latin1', start, end).replace(/[\r\0]|\x1b\[[?\d;]*[A-Za-z]/g, '');
    if (!HEADLINE_WORDS.some((words) => own.includes(words))) return `no headline in ${show(splat)}`;
    if (start > 0 && bytes[start - 1] !== 10) return `it begins inside a line: ${show(splat)}`;
    if (end < bytes.length && bytes[end - 1] !== 10) return `it ends inside a line: ${show(splat)}`;
  }
  return null;
}

/** Lines of a log that was carried may be out of order, and a headline need not stand in one line. */
function checkPlaces(log: string): string | null {
  const bytes = bytesOf(log);
  for (const splat of scanLog(bytes)) {
    const { start, end } = splat;
    if (!(start >= 0 && start < end && end <= bytes.length)) return `no place in the log: ${show(splat)}`;
    if (start > 0 && bytes[start - 1] !== 10) return `it begins inside a line: ${show(splat)}`;
    if (end < bytes.length && bytes[end - 1] !== 10) return `it ends inside a line: ${show(splat)}`;
  }
  return null;
}

function checkChunks(log: string, cuts: readonly number[]): string | null {
  const bytes = bytesOf(log);
  const whole = JSON.stringify(scanLog(bytes));
  return JSON.stringify(scanInChunks(bytes, cuts)) === whole ? null : `other splats than ${whole}`;
}

function checkBytewise(log: string): string | null {
  const bytes = bytesOf(log);
  const scanner = createScanner();
  const one = Buffer.alloc(1);
  for (const byte of bytes) {
    one[0] = byte;
    scanner.push(one);
  }
  const whole = JSON.stringify(scanLog(bytes));
  return JSON.stringify(scanner.end()) === whole ? null : `other splats than ${whole}`;
}

/** Asking for what is whole, between any two chunks, changes no splat; each is announced, and none without reason. */
function checkQuiet(log: string, cuts: readonly number[]): string | null {
  const bytes = bytesOf(log);
  const announced: Splat[] = [];
  const scanner = createScanner({ onSplat: (splat) => announced.push(splat) });
  let from = 0;
  for (const cut of [
    ...cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b),
    bytes.length,
  ]) {
    scanner.push(bytes.subarray(from, cut));
    scanner.flushQuiet();
    const { length } = announced;
    scanner.flushQuiet();
    if (announced.length !== length) return 'what was announced is announced again';
    from = cut;
  }
  const splats = scanner.end();
  if (JSON.stringify(splats) !== JSON.stringify(scanLog(bytes))) return 'other splats';
  const key = (splat: Splat) => `${splat.start} ${splat.signature}`;
  const keys = announced.map(key);
  const twice = keys.find((one, index) => keys.indexOf(one) !== index);
  if (twice !== undefined) return `announced twice: ${twice}`;
  // In a log without any stamp, words that may be the firmware's are not announced.
  const silent = /^\[ *\d+\.\d{6}\]/m.test(log)
    ? splats.find((splat) => !keys.includes(key(splat)))
    : undefined;
  return silent === undefined ? null : `not announced: ${show(silent)}`;
}

/** A log cut behind a line shows nothing that the whole log does not. */
function checkPrefix(log: string, [place = 0.5]: readonly number[]): string | null {
  const cut = log.indexOf('\n', Math.floor(place * log.length)) + 1;
  // A truncated copy is known by the line after it; words without a stamp count only until a stamp comes.
  if (cut === 0 || log.startsWith('** replaying', cut) || !/^\[ *\d+\.\d{6}\]/m.test(log.slice(0, cut)))
    return null;
  const whole = scanLog(bytesOf(log));
  for (const splat of scanLog(bytesOf(log.slice(0, cut)))) {
    const same = whole.some((one) => one.start <= splat.start && splat.start < one.end);
    if (!same) return `only the first ${cut} bytes show ${show(splat)}`;
  }
  return null;
}

export const SCAN_PROPERTIES: readonly ScanProperty[] = [
  {
    name: 'splats have a place in the log, in order, with their headline',
    inputs: withPlaces(hurtLog),
    check: checkRanges,
  },
  { name: 'the same holds however a log is carried', inputs: withPlaces(carriedLog), check: checkPlaces },
  // A few lines may look like a log whose newest line comes first.
  { name: 'the same holds for any bytes', inputs: withPlaces(anyLog), check: checkPlaces },
  { name: 'chunks make no difference', inputs: withPlaces(hurtLog), check: checkChunks },
  { name: 'chunks of a carried log make no difference', inputs: withPlaces(carriedLog), check: checkChunks },
  { name: 'chunks of any bytes make no difference', inputs: withPlaces(anyLog), check: checkChunks },
  { name: 'asking in between makes no difference', inputs: withPlaces(hurtLog), check: checkQuiet },
  { name: 'asking between any bytes makes no difference', inputs: withPlaces(anyLog), check: checkQuiet },
  { name: 'bytes one by one make no difference', inputs: withPlaces(anyLog), check: checkBytewise },
  {
    name: 'the beginning of a log shows nothing that the whole does not',
    inputs: withPlaces(soundLog),
    check: checkPrefix,
  },
];
