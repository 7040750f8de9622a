// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { defineStep, type StepText } from '../step.ts';

type Body = readonly (readonly StepText[])[];

/** Several lists of steps at once. */
export const parallel = defineStep<Body>({
  kind: 'parallel',
  description: 'Performs several lists of steps at the same time and waits for all of them.',
  schema: (steps) => z.array(steps).min(2),
  describe: (body) => `${body.length} lists of steps at once`,
  inner: (body) => body.map((steps, index) => ({ path: [index], steps })),
  async perform(body, context) {
    // Each branch is seen to its end, also when another one throws: no step goes on behind our back.
    const ends = await Promise.allSettled(body.map((steps) => context.performList(steps)));
    const broken = ends.find((end) => end.status === 'rejected');
    if (broken) throw broken.reason;
    const failed = ends.filter((end) => end.status === 'fulfilled' && !end.value).length;
    return {
      failures: [],
      details: [`${body.length - failed} of ${body.length} lists went through`],
      stopped: failed > 0,
    };
  },
});
