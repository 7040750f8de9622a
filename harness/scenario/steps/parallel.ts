// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { defineStep, type SettledStep, type WrittenStep } from '../step.ts';

/** Performs several lists of steps at once. */
export const parallel = defineStep<readonly (readonly WrittenStep[])[], readonly (readonly SettledStep[])[]>({
  kind: 'parallel',
  description: 'Performs several lists of steps at the same time and waits for all of them.',
  written: (steps) => z.array(steps).min(2),
  settled: (steps) => z.array(steps).min(2),
  settle: (lists, settleSteps) => lists.map(settleSteps),
  describe: (lists) => `${lists.length} lists of steps at once`,
  inner: (lists) => lists.map((steps, index) => ({ path: [index], steps })),
  async perform(lists, context) {
    // Waits for every list, also when one throws: no step may go on after the scenario has moved on.
    const ends = await Promise.allSettled(lists.map((steps) => context.performList(steps)));
    const broken = ends.find((end) => end.status === 'rejected');
    if (broken) throw broken.reason;
    const failed = ends.filter((end) => end.status === 'fulfilled' && !end.value).length;
    return {
      failures: [],
      details: [`${lists.length - failed} of ${lists.length} lists passed`],
      stopped: failed > 0,
    };
  },
});
