// SPDX-License-Identifier: MIT

import type { Search } from './culprit.ts';
import type { Verdict } from './kind.ts';
import { PROMISE_EXEMPT, TRACE_PROMISE } from './kinds/stack.ts';
import type { ReportLine } from './line.ts';

/** Within so many lines the first frame must follow. */
const PROMISE_LINES = 15;
const STAMP_IN_TITLE = /\[ *\d+\.\d+\]|\[ *(?:NUM|ADDR)\.(?:NUM|ADDR)\]|\[ \d+\.NUM\]/;

/** Why a report cannot be trusted, or null when it is whole. */
export function findTear(
  verdict: Verdict,
  search: Search,
  rawTitle: string,
  lines: readonly ReportLine[],
): string | null {
  if (STAMP_IN_TITLE.test(rawTitle)) return 'the headline is torn: a stamp stands inside it';
  const { kind } = verdict;
  if (!kind) return null;
  if (kind.torn !== undefined) return kind.torn;
  if (verdict.incomplete) return 'a line that such a report must have is missing';
  if (search.injected) return 'the trace of an injected failure is mixed into it';
  if (kind.walks && kind.title.includes('$f') && search.culprit === null) return 'no function could be named';
  if (kind.stackless) return null;
  return findBrokenTrace(lines);
}

function findBrokenTrace(lines: readonly ReportLine[]): string | null {
  let any = false;
  const seen = new Set<string>();
  for (const [index, line] of lines.entries()) {
    any ||= line.label !== null || line.frames.length > 0;
    const promise = line.label === null ? undefined : TRACE_PROMISE.exec(line.text)?.[1]?.toLowerCase();
    // What comes again, such as a panic's trace behind the complaint's own, may be cut.
    if (promise === undefined || seen.has(promise)) continue;
    seen.add(promise);
    if (!isKept(lines, index)) return 'a trace has no frame';
  }
  return any ? null : 'there is no trace';
}

function isKept(lines: readonly ReportLine[], index: number): boolean {
  const promise = lines[index];
  if (!promise || PROMISE_EXEMPT.test(promise.text) || promise.frames.length > 0) return true;
  for (const line of lines.slice(index + 1, index + 1 + PROMISE_LINES)) {
    if (line.frames.length > 0 || PROMISE_EXEMPT.test(line.text)) return true;
    if (line.label !== null && TRACE_PROMISE.test(line.text)) return false;
  }
  return false;
}
