// SPDX-License-Identifier: MIT
import { defineStep } from '../step.ts';
import { duration, toMs } from '../words.ts';

/** A pause. */
export const sleep = defineStep<string>({
  kind: 'sleep',
  description:
    'Waits for a time, which is not scaled on slow machines. To wait for something, use a wait step.',
  schema: () => duration,
  describe: (body) => `sleep ${body}`,
  async perform(body, context) {
    await context.sleep(toMs(body));
    return { failures: [] };
  },
});
