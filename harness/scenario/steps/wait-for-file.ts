// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { quoteWord } from '../shell.ts';
import { defineStep } from '../step.ts';
import { duration } from '../words.ts';

const full = z.strictObject({
  path: z.string().min(1),
  gone: z.boolean().default(false).meta({ description: 'wait until it is no longer there' }),
  timeout: duration.default('20s'),
});

type Body = string | z.infer<typeof full>;

/** A file that comes or goes. */
export const waitForFile = defineStep<Body>({
  kind: 'waitForFile',
  description: 'Waits until a path is there, or is gone.',
  schema: () => z.union([z.string().min(1), full]),
  describe: (body) => `wait for the file ${typeof body === 'string' ? body : body.path}`,
  async perform(body, context) {
    const { path, gone, timeout } = typeof body === 'string' ? full.parse({ path: body }) : body;
    const timeoutMs = context.scale(timeout);
    const test = `[ ${gone ? '! ' : ''}-e ${quoteWord(path)} ]`;
    const there = await context.poll(async () => {
      const result = await context.guest.run(test, { timeoutMs, env: context.env });
      return result.exitCode === 0 ? true : null;
    }, timeoutMs);
    if (there) return { failures: [] };
    return {
      failures: [
        { what: gone ? 'still there' : 'missing', title: `${path} is ${gone ? 'still' : 'not'} there` },
      ],
    };
  },
});
