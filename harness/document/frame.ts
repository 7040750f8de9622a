// SPDX-License-Identifier: MIT
import type { Span } from '../model/index.ts';

/** Offsets into a text where its lines start. */
export function findLineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The index of the last line that starts at or before the offset. */
function findLine(starts: readonly number[], offset: number): number {
  let [line, beyond] = [0, starts.length];
  while (beyond - line > 1) {
    const middle = (line + beyond) >> 1;
    if ((starts[middle] as number) <= offset) line = middle;
    else beyond = middle;
  }
  return line;
}

/** The span of `length` UTF-16 units from `offset`, cut at the end of its first line. */
export function spanAt(
  text: string,
  starts: readonly number[],
  file: string,
  offset: number,
  length: number,
): Span {
  // A problem at the very end is shown at the end of the last line, not on an empty line after it.
  const last = text.endsWith('\n') ? text.length - 1 : text.length;
  const at = Math.min(Math.max(offset, 0), last);
  const line = findLine(starts, at);
  const start = starts[line] as number;
  const end = (starts[line + 1] ?? text.length + 1) - 1;
  const room = Math.max(0, end - at);
  return { file, line: line + 1, column: at - start + 1, length: Math.max(1, Math.min(length, room)) };
}

/** How much of a long line is shown before the carets, and in all. */
const SHOWN_BEFORE = 60;
const SHOWN = 120;

/** Characters that would move the cursor or turn the direction of the text: the carets would point elsewhere. */
const UNPRINTABLE =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The span's line with the line before and after it, numbered, and carets below the span. Long lines are cut. */
export function drawFrame(text: string, starts: readonly number[], span: Span): readonly string[] {
  const count = text.endsWith('\n') ? starts.length - 1 : starts.length;
  const first = Math.max(1, span.line - 1);
  const last = Math.max(span.line, Math.min(span.line + 1, count));
  const width = String(last).length;
  const from = span.column - 1 > SHOWN - SHOWN_BEFORE ? span.column - 1 - SHOWN_BEFORE : 0;
  const frame: string[] = [];
  for (let number = first; number <= last; number++) {
    const start = starts[number - 1] ?? text.length;
    const end = (starts[number] ?? text.length + 1) - 1;
    const line = cut(text, start, text[end - 1] === '\r' ? end - 1 : end, from);
    const mark = number === span.line ? '>' : ' ';
    frame.push(`${mark} ${String(number).padStart(width)} | ${line}`.trimEnd());
    if (number !== span.line) continue;
    // A tab stays a tab, so that the caret is below its character at any tab width.
    const indent = line.slice(0, span.column - 1 - from + (from > 0 ? 1 : 0)).replace(/[^\t]/g, ' ');
    const carets = Math.max(1, Math.min(span.length, SHOWN - (span.column - 1 - from)));
    frame.push(`  ${' '.repeat(width)} | ${indent}${'^'.repeat(carets)}`);
  }
  return frame;
}

/** A window of a line, with an ellipsis where it was cut. */
function cut(text: string, start: number, end: number, from: number): string {
  const shown = text.slice(Math.min(start + from, end), Math.min(start + from + SHOWN, end));
  const before = from > 0 && start < end ? '…' : '';
  const after = start + from + SHOWN < end ? '…' : '';
  return `${before}${shown.replace(UNPRINTABLE, '\ufffd')}${after}`;
}
