// SPDX-License-Identifier: MIT
import type { z } from 'zod';

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  null: 'nothing',
};

const UNITS: Readonly<Record<string, string>> = { string: 'character', array: 'item', set: 'item' };

/** A type of the schema library in words: `a whole number`. */
export function describeType(type: string): string {
  return Object.hasOwn(TYPE_NAMES, type) ? (TYPE_NAMES[type] ?? type) : type;
}

const LONGEST_NAME = 60;

/** A text with escapes for what cannot be seen, or would move the cursor or turn the direction of the text. */
export function showText(text: string): string {
  return text.replace(
    /[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A text of a document in quotes, on one line: cut where it is long. */
export function showName(text: string): string {
  return `"${showText(text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text)}"`;
}

/** A value in words, for the "got" of a message. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return value === '' ? 'an empty text' : `the text ${showName(value)}`;
  return `${typeof value === 'number' ? 'the number ' : ''}${String(value)}`;
}

/** A limit in words, for the "expected" of a message: `at least 3 items`. */
export function describeBound(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string {
  const isMinimum = issue.code === 'too_small';
  const bound = Number(isMinimum ? issue.minimum : issue.maximum);
  const strict = isMinimum ? 'more than' : 'less than';
  const inclusive = isMinimum ? 'at least' : 'at most';
  const unit = UNITS[issue.origin];
  const amount = unit === undefined ? `${bound}` : `${bound} ${unit}${bound === 1 ? '' : 's'}`;
  return `${issue.inclusive === false ? strict : inclusive} ${amount}`;
}
