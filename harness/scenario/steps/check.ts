// SPDX-License-Identifier: MIT

import { z } from 'zod';
import { type Checks, performChecks, settledChecks, writtenChecks } from '../checks/index.ts';
import { defineStep } from '../step.ts';

const written = z
  .strictObject(writtenChecks)
  .refine((body) => Object.values(body).some((one) => one !== undefined), 'nothing is checked')
  .meta({ minProperties: 1 });

/** Checks the guest's state beside files and output. */
export const check = defineStep<Checks, Checks>({
  kind: 'check',
  description:
    'Checks module reference counts, iommu groups, leaked memory and blocked tasks; the keys are those of expect.',
  written: () => written,
  settled: () => settledChecks,
  settle: (body) => body,
  describe: (body) => `check ${Object.keys(body).join(', ')}`,
  async perform(body, context) {
    return { failures: await performChecks(body, context) };
  },
});
