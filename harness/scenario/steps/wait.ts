// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { GuestResult } from '../../model/index.ts';
import { checkEnd, checkErrnos, checkText, countErrnos, quoteOutput } from '../check.ts';
import type { Job } from '../jobs.ts';
import { defineStep, type Failure } from '../step.ts';
import { duration, errnoExpectation, name, textExpectation } from '../words.ts';

const full = z.strictObject({
  for: name.meta({ description: 'the job' }),
  timeout: duration
    .default('30s')
    .meta({ description: 'how long it may take; for blocked: how long it must not end' }),
  expect: z
    .union([
      z.literal('blocked').meta({ description: 'it still runs when the time is over' }),
      z.literal('ended').meta({ description: 'it has ended, however it did' }),
      z.strictObject({
        exit: z.union([z.int().min(0).max(255), z.array(z.int().min(0).max(255)).min(1)]).optional(),
        signal: z
          .string()
          .regex(/^[A-Z0-9]+$/, 'this must be a signal without SIG, such as TERM')
          .optional(),
        errno: errnoExpectation.optional().meta({ description: 'for a job that writes' }),
        stdout: textExpectation.optional(),
      }),
    ])
    .default({}),
});

type Body = string | z.infer<typeof full>;

/** The end of a job, or that it does not end. */
export const wait = defineStep<Body>({
  kind: 'wait',
  description: 'Waits for a job to end and looks at how it ended, or makes sure that it still runs.',
  schema: () => z.union([name, full]),
  describe: (body) => `wait for ${typeof body === 'string' ? body : body.for}`,
  jobs: (body) => ({ uses: [typeof body === 'string' ? body : body.for] }),
  async perform(body, context) {
    const { for: jobName, timeout, expect } = typeof body === 'string' ? full.parse({ for: body }) : body;
    const job = context.jobs.get(jobName);
    const result = await job.wait(context.scale(timeout));
    if (expect === 'blocked') {
      if (result === null) return { failures: [], details: [`${jobName} still runs`] };
      const details = [describeEnd(result, job), ...quoteOutput(result)];
      return {
        failures: [{ what: 'not blocked', title: `${jobName} ended, where it had to wait`, details }],
      };
    }
    if (result === null) {
      const details = quoteOutput(job.output());
      return { failures: [{ what: 'deadline', title: `${jobName} did not end in time`, details }] };
    }
    const details = [describeEnd(result, job), ...quoteOutput(result)];
    if (expect === 'ended') return { failures: [], details };
    const failures: Failure[] = [];
    if (job.traits.writesErrnos && expect.exit === undefined && expect.signal === undefined) {
      failures.push(...checkErrnos(result, expect.errno ?? 'success', 1));
    } else if (expect.signal !== undefined) {
      if (result.signal !== expect.signal)
        failures.push({
          what: 'signal',
          title: `${describeEnd(result, job)}, not by SIG${expect.signal}`,
          details,
        });
    } else failures.push(...checkEnd(result, [expect.exit ?? 0].flat(), jobName));
    failures.push(...checkText(result.stdout, expect.stdout, 'stdout').map((one) => ({ ...one, details })));
    return { failures, details };
  },
});

function describeEnd(result: GuestResult, { traits }: Job): string {
  if (result.signal !== null) return `ended by SIG${result.signal}`;
  if (traits.writesErrnos) return `errno: ${countErrnos(result.stdout)}`;
  return `exit code ${result.exitCode}`;
}
