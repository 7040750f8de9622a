// SPDX-License-Identifier: MIT
import { CASED_WORDS } from '../kinds/capitals.ts';
import { kindOf, type SheetLine } from './sheet.ts';

const SHARE = 0.98;
const LETTERS = /[A-Za-z]{4}/;
const LINES = 5;
const WORDS = new RegExp(
  CASED_WORDS.map((words) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'),
  'gi',
);
const CASED = new Map([...CASED_WORDS].reverse().map((words) => [words.toLowerCase(), words]));

/** A whole log in capitals, as small loggers write it: small letters again, but for words that reports write otherwise. */
export function undoCapitals(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  let capital = 0;
  let stamped = 0;
  for (const { text } of lines) {
    if (kindOf(text) !== 'stamped' || !LETTERS.test(text)) continue;
    stamped += 1;
    if (!/[a-z]/.test(text)) capital += 1;
  }
  if (capital < LINES || capital < stamped * SHARE) return null;
  return lines.map((line) => ({ ...line, text: restoreCase(line.text) }));
}

/** The caller id of a stamp is a capital. */
function restoreCase(text: string): string {
  return text
    .toLowerCase()
    .replace(WORDS, (words) => CASED.get(words) ?? words)
    .replace(
      /^(\s*\[ *\d+\.\d+\]\[ *)([tc])(?=\d+\])/,
      (_, before: string, id: string) => before + id.toUpperCase(),
    );
}
