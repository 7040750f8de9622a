// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { duration, milliseconds, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';

const settled = z.strictObject({ ms: milliseconds });

/** Waits for a time. */
export const sleep = defineStep<string, z.output<typeof settled>>({
  kind: 'sleep',
  description:
    'Waits for a time, which is not scaled on slow machines. To wait for something, use a wait step.',
  written: () => duration,
  settled: () => settled,
  settle: (time) => ({ ms: toMs(time) }),
  waits: (time) => time,
  describe: (time) => `sleep ${time}`,
  async perform({ ms }, context) {
    await context.sleep(ms);
    return { failures: [] };
  },
});
