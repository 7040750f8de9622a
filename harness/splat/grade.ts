// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import { scanLog } from './scan.ts';
import { normaliseTitle, typeOfTitle } from './title.ts';

/** What was expected of one log and what was found. Null if the log has no such expectation, or nothing was found. */
export interface GradeRow {
  readonly name: string;
  /** The title that must be found first; null if no splat may be found. */
  readonly expected: string | null;
  readonly got: string | null;
  readonly titleExact: boolean;
  /** Equal except for numbers, addresses and case. */
  readonly titleNormalised: boolean;
  readonly typeExpected: string | null;
  readonly typeGot: string | null;
  readonly culpritExpected: string | null;
  readonly culpritGot: string | null;
  readonly corruptedExpected: boolean;
  readonly corruptedGot: boolean;
  readonly panickedExpected: boolean;
  readonly panickedGot: boolean;
}

/** Shares from 0 to 1 over many rows; NaN if no row counts. */
export interface Grade {
  readonly recall: number;
  readonly quiet: number;
  readonly titleExact: number;
  readonly titleNormalised: number;
  readonly type: number;
  readonly culprit: number;
  readonly corruptedF1: number;
  readonly panicked: number;
}

interface Expectation {
  readonly headers: ReadonlyMap<string, string>;
  readonly log: string;
}

const HEADER =
  /^(TITLE|ALT|TYPE|FRAME|CORRUPTED|SUPPRESSED|EXECUTOR|PANICKED|START|END|ALSO|CONTROL|NOTE):\s?(.*)$/;

/**
 * Reads a log whose first lines say what must be found, and compares with the first splat found. The lines are `TITLE:`,
 * `TYPE:`, `FRAME:` (the culprit where the title does not end in it), `CORRUPTED: Y`, `PANICKED: Y`, up to an empty
 * line; an extract behind a line `REPORT:` is not part of the log. A log without `TYPE:` is held to the type that its
 * title implies; one without a title, or an empty one, must be quiet.
 */
export function gradeLog(name: string, text: string): GradeRow {
  const { headers, log } = splitExpectation(text);
  const [first = null] = scanLog(Buffer.from(log, 'latin1'));
  const expected = headers.get('TITLE') || null;
  return {
    name,
    expected,
    got: first?.title ?? null,
    titleExact: expected === (first?.title ?? null),
    titleNormalised: sameTitle(expected, first?.title ?? null),
    typeExpected: expected === null ? null : (headers.get('TYPE') ?? typeOfTitle(expected)),
    typeGot: first?.type ?? null,
    culpritExpected: expected === null ? null : expectedCulprit(headers.get('FRAME'), expected),
    culpritGot: first?.culprit ?? null,
    corruptedExpected: headers.get('CORRUPTED') === 'Y',
    corruptedGot: first?.corrupted ?? false,
    panickedExpected: headers.get('PANICKED') === 'Y',
    panickedGot: (first as Splat | null)?.panicked ?? false,
  };
}

function splitExpectation(text: string): Expectation {
  const lines = text.replaceAll('\r', '').split('\n');
  const headers = new Map<string, string>();
  let index = 0;
  for (; index < lines.length; index += 1) {
    const match = HEADER.exec(lines[index] ?? '');
    if (!match?.[1]) break;
    if (!headers.has(match[1])) headers.set(match[1], (match[2] ?? '').trim());
  }
  const body = lines.slice(index);
  const extract = body.indexOf('REPORT:');
  return { headers, log: (extract < 0 ? body : body.slice(0, extract)).join('\n') };
}

function expectedCulprit(frame: string | undefined, title: string): string | null {
  if (frame !== undefined && frame !== '') return frame;
  const name = / in (\S+?)(?:\/usb_submit_urb)?$/.exec(title)?.[1];
  return name === undefined || name === 'corrupted' || name === 'unmount' ? null : name;
}

function sameTitle(expected: string | null, got: string | null): boolean {
  if (expected === null || got === null) return expected === got;
  const plain = (title: string) =>
    normaliseTitle(title)
      .toLowerCase()
      .replace(/[^a-z0-9_]+/g, ' ');
  return plain(expected) === plain(got);
}

/** Totals over many logs. Title, type and culprit count over the logs that must not be quiet. */
export function sumGrade(rows: readonly GradeRow[]): Grade {
  const loud = rows.filter((row) => row.expected !== null);
  const share = (of: readonly GradeRow[], good: (row: GradeRow) => boolean) =>
    of.filter(good).length / of.length;
  const right = rows.filter((row) => row.corruptedExpected && row.corruptedGot).length;
  const wrong = rows.filter((row) => row.corruptedExpected !== row.corruptedGot).length;
  return {
    recall: share(loud, (row) => row.got !== null),
    quiet: share(
      rows.filter((row) => row.expected === null),
      (row) => row.got === null,
    ),
    titleExact: share(loud, (row) => row.titleExact),
    titleNormalised: share(loud, (row) => row.titleNormalised),
    type: share(loud, (row) => row.typeExpected === row.typeGot),
    culprit: share(
      loud.filter((row) => row.culpritExpected !== null),
      (row) => row.culpritExpected === row.culpritGot,
    ),
    corruptedF1: (2 * right) / (2 * right + wrong),
    panicked: share(loud, (row) => row.panickedExpected === row.panickedGot),
  };
}

/** A table for people: what went wrong log by log, then the totals. */
export function formatGrade(rows: readonly GradeRow[]): string {
  const grade = sumGrade(rows);
  const loud = rows.filter((row) => row.expected !== null).length;
  const line = (words: string, value: number, of: string) =>
    `${words.padEnd(18)}${Number.isNaN(value) ? '    -' : value.toFixed(3)}  ${of}`;
  return [
    ...rows.flatMap(explainRow),
    `${rows.length} logs, ${loud} with a splat, ${rows.length - loud} quiet`,
    line('recall', grade.recall, 'logs with a splat in which one is found'),
    line('quiet', grade.quiet, 'logs without a splat in which none is found'),
    line('title exact', grade.titleExact, 'first title, exactly'),
    line('title normalised', grade.titleNormalised, 'first title, except for case and punctuation'),
    line('type', grade.type, 'first type'),
    line('culprit', grade.culprit, 'first culprit, where one is expected'),
    line('corrupted F1', grade.corruptedF1, 'truncated reports recognised as such'),
    line('panicked', grade.panicked, 'whether the kernel panicked'),
  ].join('\n');
}

function explainRow(row: GradeRow): string[] {
  const wrong: string[] = [];
  const say = (words: string, expected: string | null, got: string | null) => {
    if (expected !== got) wrong.push(`  ${words.padEnd(10)}${got ?? 'none'}, expected ${expected ?? 'none'}`);
  };
  say('title', row.expected, row.got);
  if (row.expected !== null) {
    say('type', row.typeExpected, row.typeGot);
    if (row.culpritExpected !== null) say('culprit', row.culpritExpected, row.culpritGot);
    say('panicked', row.panickedExpected ? 'yes' : 'no', row.panickedGot ? 'yes' : 'no');
  }
  say('corrupted', row.corruptedExpected ? 'yes' : 'no', row.corruptedGot ? 'yes' : 'no');
  return wrong.length === 0 ? [] : [row.name, ...wrong];
}
