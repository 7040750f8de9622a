// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { name, shorthand, signalName } from '../scalar.ts';
import { defineStep } from '../step.ts';

const written = shorthand('job', z.strictObject({ job: name, signal: signalName.default('TERM') }));
const settled = z.strictObject({ job: name, signal: signalName });

type Body = z.output<typeof settled>;

/** Sends a signal to a job. */
export const kill = defineStep<Body, Body>({
  kind: 'kill',
  description: 'Sends a signal to a job and all its processes; does not wait for its end.',
  written: () => written,
  settled: () => settled,
  settle: ({ job, signal }) => ({ job, signal }),
  describe: (body) => `kill ${body.job}`,
  jobs: (body) => ({ uses: [body.job] }),
  async perform({ job, signal }, context) {
    await context.jobs.get(job).kill(signal);
    return { failures: [] };
  },
});
