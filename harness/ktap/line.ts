// SPDX-License-Identifier: MIT
import type { SubtestOutcome } from '../model/index.ts';

/** One line of a log, as far as KTAP knows its kind. */
export type KtapLine =
  | { readonly kind: 'version' }
  | { readonly kind: 'plan'; readonly count: number; readonly skip: string | null }
  | { readonly kind: 'header'; readonly name: string }
  | {
      readonly kind: 'result';
      readonly outcome: SubtestOutcome;
      readonly number: number | null;
      readonly name: string;
      readonly reason: string | null;
    }
  | { readonly kind: 'bailOut'; readonly reason: string }
  /** Diagnostics, and whatever else is in a log. */
  | { readonly kind: 'other'; readonly text: string };

/** A line and how deep it is nested: first the `# ` that old kselftest runners put before it, then its indentation. */
export interface PlacedLine {
  readonly hashes: number;
  readonly column: number;
  readonly line: KtapLine;
}

const LONGEST_LINE = 4096;
const TAB = 8;

/**
 * What stands before the text of a kernel's line: the level, the record's header of /dev/kmsg, the time, the task. Each of
 * them may be absent; one blank follows.
 */
const STAMP =
  /^(?:<\d{1,3}>)?(?:\d{1,3},\d{1,20},\d{1,20},[^;\s]{0,40};)?(?:\[ *\d{1,10}\.\d{1,9}\](?:\[ {0,8}[TC]\d{1,10}\])? ?)?/;

/** Removes what the kernel's log puts before a line, and the end of the line. */
export function stripStamp(line: string): string {
  return line.slice(0, LONGEST_LINE).replace(STAMP, '').trimEnd();
}

/** Whether a line without its stamp begins a log of tests. Another prefix may stand before it: its length, or null. */
export function findVersion(text: string): number | null {
  const match = /^(.{0,200}?)\bK?TAP version \d+$/.exec(text);
  return match ? (match[1] ?? '').length : null;
}

/** After such a line nothing runs any more: no result can come. */
export function endsRun(text: string): boolean {
  return /^\s*(?:List of all partitions:|Kernel panic - not syncing|reboot: System halted)/.test(text);
}

/** Reads one line that has lost its stamp. */
export function readLine(text: string): PlacedLine {
  let rest = text;
  let hashes = 0;
  let line = readText(rest.trimStart());
  // What is commented out once is a result of a program that another one ran; a comment may say anything else.
  while (line.kind === 'other' && hashes < 8) {
    const inner = /^\s*# ?(.*)$/s.exec(rest)?.[1];
    if (inner === undefined) break;
    rest = inner;
    hashes += 1;
    line = readText(rest.trimStart());
  }
  if (line.kind === 'other') return { hashes: 0, column: columnOf(text), line: { kind: 'other', text } };
  return { hashes, column: columnOf(rest), line };
}

function columnOf(text: string): number {
  let column = 0;
  for (const character of text) {
    if (character === ' ') column += 1;
    else if (character === '\t') column += TAB;
    else break;
  }
  return column;
}

function readText(text: string): KtapLine {
  if (/^K?TAP version \d+$/.test(text)) return { kind: 'version' };
  const [, plan, afterPlan] = /^1\.\.(\d{1,9})\s*(?:#\s*(.*))?$/.exec(text) ?? [];
  if (plan !== undefined) {
    const skip = /^SKIP\b\S*\s*(.*)$/i.exec(afterPlan ?? '')?.[1];
    return { kind: 'plan', count: Number(plan), skip: skip ?? null };
  }
  const header = /^# Subtest(?:: (.*))?$/.exec(text);
  if (header) return { kind: 'header', name: (header[1] ?? '').trim() };
  if (/^Bail out!/.test(text)) return { kind: 'bailOut', reason: text.replace(/^Bail out!\s*/, '') };
  return readResult(text) ?? { kind: 'other', text };
}

/** `ok 1 name`, `not ok 2 - name # SKIP why`; without a number only with a dash: a log may say "ok then". */
function readResult(text: string): KtapLine | null {
  const match = /^(ok|not ok)(?: +(\d{1,9}))?(?: +(- ?)?(.*))?$/.exec(text);
  if (!match) return null;
  const [, verdict, number, dash, rest = ''] = match;
  if (number === undefined && dash === undefined) return null;
  // `ok 2nd` is no result: a number ends there.
  const { name, comment } = splitComment(rest);
  const directive = /^(SKIP|TODO|XFAIL|TIMEOUT|ERROR)(?:\b\S*)?\s*(.*)$/i.exec(comment);
  const word = directive?.[1]?.toUpperCase();
  const said = (directive ? directive[2] : comment)?.trim() ?? '';
  // kselftest.h prints the directive before the name.
  const isSwapped = name === '' && directive !== null && said !== '';
  return {
    kind: 'result',
    number: number === undefined ? null : Number(number),
    outcome: outcomeOf(verdict === 'ok', word),
    name: isSwapped ? said : name,
    reason: isSwapped || said === '' ? null : word === 'TIMEOUT' ? `after ${said}` : said,
  };
}

/** The name ends at the first hash that no backslash stands before. */
function splitComment(rest: string): { readonly name: string; readonly comment: string } {
  const at = /(?:^|[^\\])#/.exec(rest);
  if (!at) return { name: unescapeName(rest), comment: '' };
  const hash = at.index + at[0].length - 1;
  return { name: unescapeName(rest.slice(0, hash)), comment: rest.slice(hash + 1).trim() };
}

function unescapeName(name: string): string {
  return name.trim().replace(/\\([#\\])/g, '$1');
}

function outcomeOf(isOk: boolean, directive: string | undefined): SubtestOutcome {
  switch (directive) {
    case 'SKIP':
      return 'skip';
    case 'XFAIL':
      return 'xfail';
    case 'TODO':
      return isOk ? 'ok' : 'xfail';
    case 'TIMEOUT':
      return isOk ? 'ok' : 'timeout';
    default:
      return isOk ? 'ok' : 'notOk';
  }
}
