// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { showName } from '../document/index.ts';
import { SIGNALS } from './names.ts';
import { PLACEHOLDER, replaceAllPlaceholders } from './placeholder.ts';

/** A text that is a placeholder and nothing else. */
const ALONE = `^${PLACEHOLDER.source}$`;

/** A whole number of 1 or more, or a placeholder of a parameter that is one. A parameter's value is digits. */
export const amount = z.union([
  z.int().min(1).max(999_999_999),
  z
    .string()
    .regex(
      new RegExp(`^[1-9][0-9]{0,8}$|${ALONE}`),
      'a whole number from 1 to 999999999, or a placeholder alone',
    ),
]);

/** The number of an `amount` without placeholder. */
export function toNumber(value: number | string): number {
  return Number(value);
}

/** The settled form of an `amount`. */
export const count = z.int().min(1);

const DURATION = '^(\\d+(?:\\.\\d+)?)(ms|s|m)$';
const DURATION_WANTED = 'a duration with its unit, such as 300ms, 10s or 2m';
const SHORTEST_MS = 1;
/** Scaled to the slowest machine it is still less than a timer can have. */
const LONGEST_MS = 24 * 60 * 60_000;

/** A duration with its unit, such as `300ms`, `10s`, `2m`, or a placeholder of a parameter that is one. */
export const duration = z
  .string(DURATION_WANTED)
  .regex(new RegExp(`${DURATION}|${ALONE}`), DURATION_WANTED)
  .superRefine((text, context) => {
    const ms = toMs(text);
    if (Number.isNaN(ms) || (ms >= SHORTEST_MS && ms <= LONGEST_MS)) return;
    context.addIssue({
      code: 'custom',
      message: `got ${text}, expected a duration from 1ms to 1440m`,
      params: { code: 'OUT_OF_RANGE' },
      input: text,
    });
  })
  .meta({ description: 'a duration with its unit, from 1ms to 1440m: 300ms, 10s, 2m', examples: ['10s'] });

/** The settled form of a `duration`. */
export const milliseconds = z.number().min(SHORTEST_MS).max(LONGEST_MS);

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** Milliseconds of a `duration` without placeholder. */
export function toMs(text: string): number {
  const [, amountText, unit = ''] = new RegExp(DURATION).exec(text) ?? [];
  return Number(amountText) * (UNIT_MS[unit] ?? Number.NaN);
}

const SHORT_TIME = '^(-?\\d{1,9}(?:\\.\\d{1,6})?)(us|ms|s)$';
const SHORT_TIME_WANTED = 'a time with its unit, such as 250us, -5ms or 1s';
const LONGEST_US = 10_000_000;

/** A time with its unit, such as `250us` or `-5ms`, before or after another one, or a placeholder of a parameter that is one. */
export const shortTime = z
  .string(SHORT_TIME_WANTED)
  .regex(new RegExp(`${SHORT_TIME}|${ALONE}`), SHORT_TIME_WANTED)
  .superRefine((text, context) => {
    const us = toUs(text);
    if (Number.isNaN(us) || Math.abs(us) <= LONGEST_US) return;
    const message = `got ${text}, expected at most 10s before or after`;
    context.addIssue({ code: 'custom', message, params: { code: 'OUT_OF_RANGE' }, input: text });
  });

/** The settled form of a `shortTime`. */
export const microseconds = z.int().min(-LONGEST_US).max(LONGEST_US);

const UNIT_US: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000 };

/** Microseconds of a `shortTime` without placeholder. */
export function toUs(text: string): number {
  const [, amountText, unit = ''] = new RegExp(SHORT_TIME).exec(text) ?? [];
  return Math.round(Number(amountText) * (UNIT_US[unit] ?? Number.NaN)) + 0;
}

/** A text that may look like a number: `5.10` and `007` stay as they are written. */
export const text = z.string().meta({ type: ['string', 'number', 'boolean'] });

/**
 * A text whose form is checked with something in the place of each placeholder; the expanded scenario is checked again.
 * `wanted` follows the word "expected" in messages.
 */
export function formed(form: RegExp, wanted: string, longest = 1000, standIn = 'x') {
  return z.string().superRefine((written, context) => {
    const isLong = written.length > longest;
    if (!isLong && form.test(replaceAllPlaceholders(written, () => standIn))) return;
    const got = isLong ? `${written.length} characters` : showName(written);
    const message = `got ${got}, expected ${isLong ? `at most ${longest}` : wanted}`;
    context.addIssue({ code: 'custom', message, params: { code: 'WRONG_FORM' }, input: written });
  });
}

/** Control characters, and marks that turn the direction of text. */
export const INVISIBLE = '\\0-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069';

export const ONE_LINE = 'one line without control characters and marks of direction';

/** One line that a terminal, a report and a file of the guest can have. */
export const line = formed(new RegExp(`^[^${INVISIBLE}]+$`), ONE_LINE, 4096).min(1);

/** The same, where nothing may be given. */
export const lineOrNothing = formed(new RegExp(`^[^${INVISIBLE}]*$`), ONE_LINE, 4096);

/** A name of a job or a VM, which also becomes the name of a variable and of files in the guest. */
export const name = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9_]*$/, 'a name of small letters, digits and underscores');

/** A signal's name without SIG. */
export const signalName = z.enum(SIGNALS).meta({ id: 'Signal' });

/** A module's name as its file has it. */
export const moduleName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/, 'the name of a module, without directory and without .ko');

/** A map that may also be written as the value of its `key` alone; the rest of it then has its defaults. */
export function shorthand<Shape extends z.ZodRawShape, Key extends keyof Shape & string>(
  key: Key,
  map: z.ZodObject<Shape, z.core.$strict>,
): z.ZodType<z.output<z.ZodObject<Shape, z.core.$strict>>> {
  const value: unknown = map.shape[key];
  // With its default the value alone would accept that nothing is written.
  const alone = (value instanceof z.ZodDefault ? value.unwrap() : value) as z.ZodType<string>;
  return z
    .union([alone, map])
    .transform((value) => (typeof value === 'string' ? map.parse({ [key]: value }) : value)) as never;
}
