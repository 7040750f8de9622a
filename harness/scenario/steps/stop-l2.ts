// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { checkEnd, quoteOutput } from '../check.ts';
import { monitorPathOf } from '../l2.ts';
import { defineStep } from '../step.ts';
import { duration, name } from '../words.ts';

const full = z.strictObject({
  name: name.default('l2'),
  how: z
    .union([z.literal('quit'), z.literal('TERM'), z.literal('KILL')])
    .default('quit')
    .meta({ description: "quit by QEMU's monitor, or by a signal" }),
  timeout: duration.default('30s'),
});

type Body = string | z.infer<typeof full>;

/** A VM inside the guest, stopped. */
export const stopL2 = defineStep<Body>({
  kind: 'stopL2',
  description: 'Stops a VM inside the guest and waits until its QEMU has ended.',
  schema: () => z.union([name, full]),
  describe: (body) => `stop the VM ${typeof body === 'string' ? body : body.name}`,
  jobs: (body) => ({ uses: [typeof body === 'string' ? body : body.name] }),
  async perform(body, context) {
    const { name: jobName, how, timeout } = typeof body === 'string' ? full.parse({ name: body }) : body;
    const job = context.jobs.get(jobName);
    const timeoutMs = context.scale(timeout);
    if (how === 'quit') await context.guest.run(`qemu-monitor ${monitorPathOf(jobName)} quit`, { timeoutMs });
    else await job.kill(how);
    const result = await job.wait(timeoutMs);
    if (result === null) return { failures: [{ what: 'deadline', title: 'QEMU did not end' }] };
    const details = quoteOutput(result);
    if (how !== 'quit' && result.signal === how) return { failures: [], details };
    return { failures: checkEnd(result, [0], 'qemu'), details };
  },
});
