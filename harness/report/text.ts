// SPDX-License-Identifier: MIT
import stringWidth from 'string-width';

/** Control characters, lone surrogates, marks that turn the direction of writing, line separators. */
const UNPRINTABLE =
  /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/gu;

/**
 * Text from outside (a log, a mail, a scenario, a guest) as it may be printed: a `?` for each character that would move
 * a cursor, start a line or reorder what stands around it. Every reporter passes all such text through this.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}

/** Text on one line, printable. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim());
}

/** Columns that a printable text takes on a terminal: two for a wide character, none for a combining one. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Text with blanks behind it, or in front of it, up to a width in columns. */
export function padText(text: string, columns: number, side: 'start' | 'end' = 'end'): string {
  const blanks = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return side === 'end' ? `${text}${blanks}` : `${blanks}${text}`;
}

/** Text cut to a width in columns, with `…` for what is left out. */
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

/** Columns of a report whose reader's terminal is not known. */
export const REPORT_COLUMNS = 100;

/** Words on lines of a width, all but the first indented further; a word that is longer is left whole. */
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
