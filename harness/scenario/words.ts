// SPDX-License-Identifier: MIT
import { z } from 'zod';

/** `${{name}}`: stands for a parameter's value. Only this form is replaced; a shell's own `${name}` is left alone. */
export const PLACEHOLDER: RegExp = /\$\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m)$/;

function matchesAlone(text: string): boolean {
  return new RegExp(`^${PLACEHOLDER.source}$`).test(text);
}

const placeholder = z
  .string()
  .regex(new RegExp(`^${PLACEHOLDER.source}$`), 'this must be a whole number, or one parameter alone');

/** A whole number of 1 or more, or a parameter that becomes one. */
export const amount = z.union([z.int().min(1), placeholder]);

/** The number that a settled `amount` is. */
export function toNumber(value: number | string): number {
  return Number(value);
}

/** A length of time with its unit, such as `300ms`, `10s`, `2m`, or a parameter that becomes one. */
export const duration = z
  .string('this must be a duration with its unit, such as 300ms, 10s or 2m')
  .refine((text) => DURATION.test(text) || matchesAlone(text), {
    message: 'this must be a duration with its unit, such as 300ms, 10s or 2m',
    params: { code: 'WRONG_FORM' },
  })
  .meta({ description: 'a length of time with its unit: 300ms, 10s, 2m', examples: ['10s'] });

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** Milliseconds of a settled `duration`. */
export function toMs(text: string): number {
  const match = DURATION.exec(text);
  if (!match) throw new TypeError(`not a duration: ${text}`);
  return Number(match[1]) * (UNIT_MS[match[2] as string] as number);
}

/** A regular expression as JavaScript writes it, without slashes; `^` and `$` stand at every line. */
export const pattern = z
  .string()
  .min(1)
  .refine(
    (text) => {
      try {
        toRegExp(text);
        return true;
      } catch {
        return false;
      }
    },
    { message: 'this is not a regular expression', params: { code: 'WRONG_FORM' } },
  );

/** The RegExp of a settled `pattern`. */
export function toRegExp(text: string): RegExp {
  return new RegExp(text, 'm');
}

/** Names of jobs and parameters, which also become names of variables in the guest's shell. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'this must be a name of small letters, digits and underscores');

/** What a text must be like. Every clause that is given must hold. */
export const textExpectation = z
  .strictObject({
    equals: z
      .union([z.string(), z.number().transform(String)])
      .optional()
      .meta({ description: 'the whole text, white space at both ends left out' }),
    matches: pattern.optional().meta({ description: 'found somewhere in the text' }),
    lacks: pattern.optional().meta({ description: 'found nowhere in the text' }),
    everyLine: pattern.optional().meta({ description: 'found in each line that is not empty' }),
  })
  .refine(
    (one) => Object.keys(one).length > 0,
    'nothing is expected: give equals, matches, lacks or everyLine',
  );

export type TextExpectation = z.infer<typeof textExpectation>;

const errno = z
  .string()
  .regex(/^(success|E[A-Z0-9]+)$/, 'this must be the name of an errno, such as ENODEV, or success');

/** `success`, the name of an errno, or a list of which any is right. */
export const errnoExpectation = z.union([errno, z.array(errno).min(1)]);

export type ErrnoExpectation = z.infer<typeof errnoExpectation>;
