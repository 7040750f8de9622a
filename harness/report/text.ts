// SPDX-License-Identifier: MIT
import stringWidth from 'string-width';
import { printable } from '../model/index.ts';

/** Puts text on one line and makes it printable. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim());
}

/** Returns the columns that printable text takes on a terminal: two for a wide character, none for a combining one. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Pads text with blanks up to a width in columns. */
export function padText(text: string, columns: number, side: 'start' | 'end' = 'end'): string {
  const blanks = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return side === 'end' ? `${text}${blanks}` : `${blanks}${text}`;
}

/** Cuts text to a width in columns, with `…` for what is left out. */
export function cutText(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let cut = '';
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += widthOf(segment);
    if (width > columns - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

/** Width of a report when its reader's terminal is not known. */
export const REPORT_COLUMNS = 100;

/** Folds text at blanks to a width; indents all lines but the first further, and leaves a longer word whole. */
export function foldWords(text: string, indent: string, columns: number): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ').filter((one) => one !== '')) {
    const bare = line.trim() === '';
    if (!bare && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = `${indent}    ${word}`;
    } else line += bare ? word : ` ${word}`;
  }
  return [...lines, line];
}
