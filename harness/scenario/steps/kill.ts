// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { defineStep } from '../step.ts';
import { name } from '../words.ts';

const full = z.strictObject({
  job: name,
  signal: z
    .string()
    .regex(/^[A-Z0-9]+$/, 'this must be a signal without SIG, such as TERM')
    .default('TERM'),
});

type Body = string | z.infer<typeof full>;

/** A signal to a job. */
export const kill = defineStep<Body>({
  kind: 'kill',
  description: 'Sends a signal to a job and all its processes; does not wait for its end.',
  schema: () => z.union([name, full]),
  describe: (body) => `kill ${typeof body === 'string' ? body : body.job}`,
  jobs: (body) => ({ uses: [typeof body === 'string' ? body : body.job] }),
  async perform(body, context) {
    const { job, signal } = typeof body === 'string' ? full.parse({ job: body }) : body;
    await context.jobs.get(job).kill(signal);
    return { failures: [] };
  },
});
