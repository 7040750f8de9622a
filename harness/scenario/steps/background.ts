// SPDX-License-Identifier: MIT
import { z } from 'zod';
import {
  errnoWriteCommand,
  listTargetQuantities,
  settledTarget,
  settleTarget,
  withOneSource,
  writtenTarget,
} from '../errno-write.ts';
import { name } from '../scalar.ts';
import { defineStep } from '../step.ts';

const written = z
  .strictObject({
    name: name.meta({ description: 'what later steps call the job' }),
    command: z.string().min(1).optional(),
    write: withOneSource(z.strictObject(writtenTarget)).optional(),
  })
  .refine(
    (body) => (body.command === undefined) !== (body.write === undefined),
    'give either command or write',
  )
  .meta({ oneOf: [{ required: ['command'] }, { required: ['write'] }] });

const settled = z.strictObject({
  name,
  job: z.union([
    z.strictObject({ command: z.string().min(1) }),
    z.strictObject({ write: z.strictObject(settledTarget) }),
  ]),
});

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Starts a job that goes on while later steps are performed. */
export const background = defineStep<Written, Body>({
  kind: 'background',
  description: 'Starts a shell command, or a write, that goes on while later steps are performed.',
  written: () => written,
  settled: () => settled,
  settle: ({ name, command, write }) => ({
    name,
    job: write ? { write: settleTarget(write) } : { command: command ?? '' },
  }),
  quantities: ({ write }) =>
    write ? listTargetQuantities(write).map((one) => ({ ...one, path: ['write', ...one.path] })) : [],
  describe: (body) => `start ${body.name}`,
  jobs: (body) => ({ starts: [body.name], writes: body.write !== undefined }),
  async perform({ name, job }, context) {
    const writesErrnos = 'write' in job;
    const command = writesErrnos ? errnoWriteCommand(job.write) : job.command;
    const guestJob = await context.guest.start(command, { env: context.env });
    context.jobs.add(name, guestJob, { writesErrnos });
    return { failures: [], details: [`process ${guestJob.pid}`] };
  },
});
