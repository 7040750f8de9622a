// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { quoteArgs } from '../../model/index.ts';
import { checkText, quoteOutput } from '../check.ts';
import { settleText, textExpectation } from '../expectation.ts';
import { pattern } from '../pattern.ts';
import { duration, line, milliseconds, text, toMs } from '../scalar.ts';
import { defineStep, type Failure } from '../step.ts';

const CLAUSES = ['equals', 'matches', 'lacks'] as const;

/** What a file in the guest must contain. */
export const writtenRead = z
  .strictObject({
    file: line,
    equals: text.optional(),
    matches: pattern.optional(),
    lacks: pattern.optional(),
    within: duration
      .optional()
      .meta({ description: 'read again and again until the content is as expected, at most this long' }),
    timeout: duration.default('20s').meta({ description: 'for one reading' }),
  })
  .refine(
    (body) => CLAUSES.some((clause) => body[clause] !== undefined),
    'nothing is expected: give equals, matches or lacks',
  )
  .meta({ anyOf: CLAUSES.map((clause) => ({ required: [clause] })) });

/** The settled form of `writtenRead`. */
export const settledRead = z.strictObject({
  file: z.string().min(1),
  content: textExpectation,
  withinMs: milliseconds.nullable(),
  timeoutMs: milliseconds,
});

type Written = z.output<typeof writtenRead>;
type Body = z.output<typeof settledRead>;

/** Settles what a file must contain. */
export function settleRead({ file, equals, matches, lacks, within, timeout }: Written): Body {
  return {
    file,
    content: settleText({ equals, matches, lacks }),
    withinMs: within === undefined ? null : toMs(within),
    timeoutMs: toMs(timeout),
  };
}

/** Checks the content of a file. */
export const read = defineStep<Written, Body>({
  kind: 'read',
  description: 'Reads a file in the guest and checks its content.',
  written: () => writtenRead,
  settled: () => settledRead,
  settle: settleRead,
  describe: (body) => `read ${body.file}`,
  async perform({ file, content, withinMs, timeoutMs }, context) {
    let failures: Failure[] = [];
    let details: string[] = [];
    const readOnce = async (): Promise<true | null> => {
      const result = await context.guest.run(quoteArgs(['cat', '--', file]), {
        timeoutMs: context.scale(timeoutMs),
        env: context.env,
      });
      details = quoteOutput(result);
      if (result.timedOut) failures = [{ what: 'deadline', title: 'reading it timed out', details }];
      else if (result.exitCode !== 0)
        failures = [{ what: 'unreadable', title: `${file} cannot be read`, details }];
      else failures = checkText(result.stdout, content, 'content').map((one) => ({ ...one, details }));
      return failures.length === 0 ? true : null;
    };
    if (withinMs === null) await readOnce();
    else await context.poll(readOnce, context.scale(withinMs));
    return { failures, details };
  },
});
