// SPDX-License-Identifier: MIT
import type { Span } from '../model/index.ts';

/** Offsets into a text where its lines start. */
export function findLineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
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
  let line = 0;
  for (let next = 1; next < starts.length && (starts[next] as number) <= at; next++) line = next;
  const start = starts[line] as number;
  const end = text.indexOf('\n', at);
  const room = (end === -1 ? text.length : end) - at;
  return { file, line: line + 1, column: at - start + 1, length: Math.max(1, Math.min(length, room)) };
}

/** The span's line with the line before and after it, numbered, and carets below the span. */
export function drawFrame(text: string, span: Span): readonly string[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const last = Math.min(span.line + 1, lines.at(-1) === '' ? lines.length - 1 : lines.length);
  const width = String(Math.max(last, span.line)).length;
  const frame: string[] = [];
  for (let number = Math.max(1, span.line - 1); number <= Math.max(last, span.line); number++) {
    const line = lines[number - 1] ?? '';
    const mark = number === span.line ? '>' : ' ';
    frame.push(`${mark} ${String(number).padStart(width)} | ${line}`.trimEnd());
    if (number === span.line) {
      // A tab stays a tab, so that the caret is below its character at any tab width.
      const indent = line.slice(0, span.column - 1).replace(/[^\t]/g, ' ');
      frame.push(`  ${' '.repeat(width)} | ${indent}${'^'.repeat(span.length)}`);
    }
  }
  return frame;
}
