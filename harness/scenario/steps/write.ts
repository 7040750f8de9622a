// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { checkErrnos, countErrnos, quoteOutput } from '../check.ts';
import { defineStep } from '../step.ts';
import { duration, errnoExpectation } from '../words.ts';
import { countAnswers, hasOneSource, writerCommand, writeTarget } from '../writer.ts';

const schema = z
  .strictObject({
    ...writeTarget,
    expect: errnoExpectation.default('success'),
    timeout: duration.default('30s'),
  })
  .refine(hasOneSource, 'give exactly one of value, values and uuids');

type Body = z.infer<typeof schema>;

/** A write whose errno matters. */
export const write = defineStep<Body>({
  kind: 'write',
  description: 'Writes to a file in the guest and looks at the errno that the kernel answers with.',
  schema: () => schema,
  describe: (body) => `write ${body.value ?? 'values'} to ${body.to}`,
  async perform(body, context) {
    const result = await context.guest.run(writerCommand(body), {
      timeoutMs: context.scale(body.timeout),
      env: context.env,
    });
    const failures = checkErrnos(result, body.expect, countAnswers(body));
    return {
      failures,
      details: [
        `errno: ${countErrnos(result.stdout)}`,
        ...quoteOutput({ stdout: '', stderr: result.stderr }),
      ],
    };
  },
});
