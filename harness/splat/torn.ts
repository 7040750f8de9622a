// SPDX-License-Identifier: MIT

import type { Search } from './culprit.ts';
import { parseFrames } from './frame.ts';
import type { Verdict } from './kind.ts';
import { PROMISE_EXEMPT, TRACE_PROMISE, TRACE_START } from './kinds/stack.ts';

/** Within so many lines the first frame must follow. */
const PROMISE_LINES = 15;
const STAMP_IN_TITLE = /\[ *\d+\.\d+\]|\[ *(?:NUM|ADDR)\.(?:NUM|ADDR)\]|\[ \d+\.NUM\]/;

/** Why a report cannot be trusted, or null when it is whole. */
export function findTear(
  verdict: Verdict,
  search: Search,
  rawTitle: string,
  lines: readonly string[],
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

function findBrokenTrace(lines: readonly string[]): string | null {
  let any = false;
  for (const [index, line] of lines.entries()) {
    if (!TRACE_START.test(line)) {
      any ||= parseFrames(line).length > 0;
      continue;
    }
    any = true;
    if (TRACE_PROMISE.test(line) && !isKept(lines, index)) return 'a trace has no frame';
  }
  return any ? null : 'there is no trace';
}

function isKept(lines: readonly string[], index: number): boolean {
  const promise = lines[index] ?? '';
  if (PROMISE_EXEMPT.test(promise) || parseFrames(promise.replace(/^[^:]*:/, '')).length > 0) return true;
  for (const line of lines.slice(index + 1, index + 1 + PROMISE_LINES)) {
    if (PROMISE_EXEMPT.test(line) || parseFrames(line).length > 0) return true;
    if (TRACE_PROMISE.test(line)) return false;
  }
  return false;
}
