// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { ERRNOS } from './names.ts';
import { pattern } from './pattern.ts';
import { text } from './scalar.ts';

/** What a text must be like. Every clause that is given must be met. */
export const writtenText = z
  .strictObject({
    equals: text.optional().meta({ description: 'the whole text, without white space at both ends' }),
    matches: pattern.optional().meta({ description: 'matches somewhere in the text' }),
    lacks: pattern.optional().meta({ description: 'matches nowhere in the text' }),
    everyLine: pattern.optional().meta({ description: 'matches in each line that is not empty' }),
  })
  .refine(
    (one) => Object.values(one).some((clause) => clause !== undefined),
    'nothing is expected: give equals, matches, lacks or everyLine',
  )
  .meta({ minProperties: 1 });

type WrittenText = z.output<typeof writtenText>;

/** The settled form of `writtenText`. */
export const textExpectation = z.strictObject({
  equals: z.string().nullable(),
  matches: pattern.nullable(),
  lacks: pattern.nullable(),
  everyLine: pattern.nullable(),
});

export type TextExpectation = z.output<typeof textExpectation>;

/** Settles the clauses of a text expectation. */
export function settleText({ equals, matches, lacks, everyLine }: WrittenText): TextExpectation {
  return {
    equals: equals ?? null,
    matches: matches ?? null,
    lacks: lacks ?? null,
    everyLine: everyLine ?? null,
  };
}

/** The same where none may be written. */
export function settleOptionalText(written: WrittenText | undefined): TextExpectation | null {
  return written ? settleText(written) : null;
}

const errnoName = z.enum(['success', ...ERRNOS]).meta({ id: 'Errno' });

/** `success`, the name of an errno, or a list of acceptable ones. */
export const writtenErrno = z.union([errnoName, z.array(errnoName).min(1)]);

/** The settled form of `writtenErrno`. */
export const errnoList = z.array(errnoName).min(1);

const exitCode = z.int().min(0).max(255);

/** An exit code, or a list of acceptable ones. */
export const writtenExit = z.union([exitCode, z.array(exitCode).min(1)]);

/** The settled form of `writtenExit`. */
export const exitList = z.array(exitCode).min(1);

/** A list of what was written alone or as a list. */
export function toList<Item>(written: Item | readonly Item[]): Item[] {
  return [written].flat() as Item[];
}
