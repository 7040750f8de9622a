// SPDX-License-Identifier: MIT

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

/** Any character that is not printable ASCII, a line feed or a tab. */
const BEYOND_ASCII = /[^\n\t\x20-\x7e]/;

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
  // Most text is, and it is much cheaper to see that.
  if (!BEYOND_ASCII.test(text)) return text as TerminalText;
  const pattern = new RegExp(`(${LET_THROUGH[may].source})|${UNPRINTABLE.source}`, 'gu');
  return text.replace(pattern, (_all, allowed?: string) => allowed ?? '?') as TerminalText;
}
