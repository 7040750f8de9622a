// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { defineStep } from '../step.ts';
import { duration, pattern, toRegExp } from '../words.ts';

const full = z.strictObject({ matches: pattern, timeout: duration.default('20s') });

type Body = string | z.infer<typeof full>;

/** A line of the kernel. */
export const waitForDmesg = defineStep<Body>({
  kind: 'waitForDmesg',
  description:
    'Waits for a line of the kernel. Lines count from the start, or from the last step of this kind that found its line.',
  schema: () => z.union([pattern, full]),
  describe: (body) => `wait for the kernel to say ${typeof body === 'string' ? body : body.matches}`,
  async perform(body, context) {
    const { matches, timeout } = typeof body === 'string' ? full.parse({ matches: body }) : body;
    if (await context.stage.waitForConsole(toRegExp(matches), context.scale(timeout))) {
      context.stage.consoleMark();
      return { failures: [] };
    }
    return { failures: [{ what: 'silent', title: `the kernel did not say /${matches}/` }] };
  },
});
