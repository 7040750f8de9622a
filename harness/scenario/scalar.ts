// SPDX-License-Identifier: MIT
import { z } from 'zod';

/** `${{name}}`: stands for a parameter's value. Only this form is replaced; a shell's own `${name}` is left alone. */
export const PLACEHOLDER: RegExp = /\$\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/** A text that is a placeholder and nothing else. */
const ALONE = `^${PLACEHOLDER.source}$`;

/** A whole number of 1 or more, or a placeholder of a parameter that is one. */
export const amount = z.union([
  z.int().min(1),
  z.string().regex(new RegExp(ALONE), 'this must be a whole number, or a placeholder alone'),
]);

/** The number of an `amount` without placeholder. */
export function toNumber(value: number | string): number {
  return Number(value);
}

/** The settled form of an `amount`. */
export const count = z.int().min(1);

const DURATION = '^(\\d+(?:\\.\\d+)?)(ms|s|m)$';
const DURATION_WANTED = 'this must be a duration with its unit, such as 300ms, 10s or 2m';

/** A duration with its unit, such as `300ms`, `10s`, `2m`, or a placeholder of a parameter that is one. */
export const duration = z
  .string(DURATION_WANTED)
  .regex(new RegExp(`${DURATION}|${ALONE}`), DURATION_WANTED)
  .meta({ description: 'a duration with its unit: 300ms, 10s, 2m', examples: ['10s'] });

/** The settled form of a `duration`. */
export const milliseconds = z.number().min(0);

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** Milliseconds of a `duration` without placeholder. */
export function toMs(text: string): number {
  const [, amountText, unit = ''] = new RegExp(DURATION).exec(text) ?? [];
  return Number(amountText) * (UNIT_MS[unit] ?? Number.NaN);
}

/** A regular expression as JavaScript writes it, without slashes; `^` and `$` match at every line. */
export const pattern = z
  .string()
  .min(1)
  .refine(isPattern, { message: 'this is not a regular expression', params: { code: 'WRONG_FORM' } })
  .meta({ format: 'regex' });

function isPattern(text: string): boolean {
  try {
    toRegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** The RegExp of a `pattern`. */
export function toRegExp(text: string): RegExp {
  return new RegExp(text, 'm');
}

/** A name of a job or a VM, which also becomes the name of a variable in the guest's shell. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'this must be a name of small letters, digits and underscores');

/** A signal's name without SIG. */
export const signalName = z.string().regex(/^[A-Z0-9]+$/, 'this must be a signal without SIG, such as TERM');

/** A module's name as its file has it. */
export const moduleName = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/, 'this must be the name of a module, without directory and without .ko');

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
