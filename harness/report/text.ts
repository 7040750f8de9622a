// SPDX-License-Identifier: MIT
import stringWidth from 'string-width';

/** Control characters, lone surrogates, marks that change the direction of writing or cannot be seen, line separators. */
const UNPRINTABLE =
  /[\p{Cc}\p{Cs}\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\u{e0000}-\u{e007f}]/gu;

/**
 * Replaces each character by `?` that would move a cursor, start a line or reorder the text around it. All text from outside
 * (logs, mails, scenarios, guests) goes through this before it is printed.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}

declare const forTerminal: unique symbol;

/** Text in which nothing is left that a terminal would obey, but for what its maker allowed. */
export type TerminalText = string & { readonly [forTerminal]: true };

/** What `terminalText` lets through: nothing, the colours of a report, or also the movements of a frame that is redrawn. */
const LET_THROUGH = {
  plain: /[\n\t]/,
  coloured: /[\n\t]|\u001b\[[0-9;]{0,8}m/,
  drawn: /[\n\t]|\u001b\[[0-9;]{0,8}m|\u001b\[\d{1,5}A|\u001b\[J/,
};

/**
 * Makes whole lines of text fit for a terminal: the one way to it. What is neither a line feed, a tab nor allowed by `may`
 * is printed as `?`. Colours and movements are allowed for reports alone, which make what they quote printable before they
 * colour it.
 */
export function terminalText(text: string, may: keyof typeof LET_THROUGH = 'plain'): TerminalText {
  const pattern = new RegExp(`(${LET_THROUGH[may].source})|${UNPRINTABLE.source}`, 'gu');
  return text.replace(pattern, (_all, allowed?: string) => allowed ?? '?') as TerminalText;
}

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
