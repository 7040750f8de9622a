// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { defineStep } from '../step.ts';
import { name } from '../words.ts';
import { hasOneSource, writerCommand, writeTarget } from '../writer.ts';

const schema = z
  .strictObject({
    name: name.meta({ description: 'what later steps call the job' }),
    command: z.string().min(1).optional(),
    write: z
      .strictObject(writeTarget)
      .refine(hasOneSource, 'give exactly one of value, values and uuids')
      .optional(),
  })
  .refine(
    (body) => (body.command === undefined) !== (body.write === undefined),
    'give either command or write',
  );

type Body = z.infer<typeof schema>;

/** A job that goes on while later steps are done. */
export const background = defineStep<Body>({
  kind: 'background',
  description: 'Starts a shell command, or a write, that goes on while later steps are done.',
  schema: () => schema,
  describe: (body) => `start ${body.name}`,
  jobs: (body) => ({ starts: [body.name] }),
  async perform(body, context) {
    const command = body.write ? writerCommand(body.write) : (body.command as string);
    const job = await context.guest.start(command, { env: context.env });
    context.jobs.add(body.name, job, { writesErrnos: body.write !== undefined });
    return { failures: [], details: [`process ${job.pid}`] };
  },
});
