// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { checkText, quoteOutput } from '../check.ts';
import { quoteWords } from '../shell.ts';
import { defineStep, type Failure } from '../step.ts';
import { duration, pattern } from '../words.ts';

/** What a file in the guest must hold. */
export const readBody = z
  .strictObject({
    file: z.string().min(1),
    equals: z.union([z.string(), z.number()]).optional(),
    matches: pattern.optional(),
    lacks: pattern.optional(),
    within: duration
      .optional()
      .meta({ description: 'read again and again for so long, until it is as expected' }),
    timeout: duration.default('20s').meta({ description: 'for one reading' }),
  })
  .refine(
    (body) => [body.equals, body.matches, body.lacks].some((one) => one !== undefined),
    'nothing is expected: give equals, matches or lacks',
  );

type Body = z.infer<typeof readBody>;

/** A file whose content matters. */
export const read = defineStep<Body>({
  kind: 'read',
  description: 'Reads a file in the guest and compares what it holds.',
  schema: () => readBody,
  describe: (body) => `read ${body.file}`,
  async perform(body, context) {
    const expected = {
      ...(body.equals === undefined ? {} : { equals: String(body.equals) }),
      ...(body.matches === undefined ? {} : { matches: body.matches }),
      ...(body.lacks === undefined ? {} : { lacks: body.lacks }),
    };
    let failures: Failure[] = [];
    let details: string[] = [];
    const look = async (): Promise<true | null> => {
      const result = await context.guest.run(quoteWords(['cat', '--', body.file]), {
        timeoutMs: context.scale(body.timeout),
        env: context.env,
      });
      details = quoteOutput(result);
      if (result.timedOut) failures = [{ what: 'deadline', title: 'reading it never ended', details }];
      else if (result.exitCode !== 0)
        failures = [{ what: 'unreadable', title: `${body.file} cannot be read`, details }];
      else failures = checkText(result.stdout, expected, 'content').map((one) => ({ ...one, details }));
      return failures.length === 0 ? true : null;
    };
    if (body.within === undefined) await look();
    else await context.poll(look, context.scale(body.within));
    return { failures, details };
  },
});
