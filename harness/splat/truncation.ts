// SPDX-License-Identifier: MIT
import type { Search } from './culprit.ts';
import type { Classification } from './kind.ts';
import { PLACE_LABEL, PROMISE_EXEMPT, TRACE_PROMISE } from './kinds/stack.ts';
import type { ReportLine } from './line.ts';

/** A trace must have its first frame within this many lines of its label. */
const PROMISE_LINES = 15;
const STAMP = /\[ *\d+\.\d+\]/;

/** Says why a report is truncated or mixed with another; null for one that is whole. `words` is its title as printed. */
export function findTruncation(
  classification: Classification,
  search: Search,
  words: string,
  lines: readonly ReportLine[],
): string | null {
  if (STAMP.test(words)) return 'the headline is truncated: a stamp stands inside it';
  const { kind } = classification;
  if (!kind) return null;
  if (kind.truncated !== undefined) return kind.truncated;
  if (classification.incomplete) return 'a line that such a report must have is missing';
  if (search.injected) return 'the trace of an injected failure is mixed into it';
  if (kind.title.includes('$f') && search.culprit === null) return 'no function could be named';
  if (kind.stackless) return null;
  if (kind.promise && !isKept(kind.promise, lines)) return 'a trace that such a report must have is missing';
  return findTruncatedTrace(lines);
}

function findTruncatedTrace(lines: readonly ReportLine[]): string | null {
  let any = false;
  const seen = new Set<string>();
  for (const [index, line] of lines.entries()) {
    any ||= line.label !== null || (line.hasFrames && !isPlace(lines[index - 1]));
    if (line.isPlainFrame) continue;
    const promise = TRACE_PROMISE.exec(line.text)?.[1]?.toLowerCase();
    // A second trace of the same kind, such as that of the panic, may be truncated.
    if (promise === undefined || seen.has(promise)) continue;
    seen.add(promise);
    if (!hasFrames(lines.slice(index, index + 1 + PROMISE_LINES))) return 'a trace has no frame';
  }
  return any ? null : 'there is no trace';
}

function isPlace(before: ReportLine | undefined): boolean {
  return before !== undefined && before.label === null && PLACE_LABEL.test(before.text);
}

/** Whether a line of the form comes, and a frame between it and the next label. */
function isKept(promise: RegExp, lines: readonly ReportLine[]): boolean {
  const at = lines.findIndex((line) => promise.test(line.text));
  if (at < 0) return false;
  for (const line of lines.slice(at + 1, at + 1 + PROMISE_LINES)) {
    if (line.hasFrames) return true;
    if (line.label !== null) return false;
  }
  return false;
}

/** Whether frames, or a reason for having none, stand on the line of a label or follow before the next label. */
function hasFrames(lines: readonly ReportLine[]): boolean {
  for (const [index, line] of lines.entries()) {
    if (line.hasFrames || PROMISE_EXEMPT.test(line.text)) return true;
    if (index > 0 && TRACE_PROMISE.test(line.text)) return false;
  }
  return false;
}
