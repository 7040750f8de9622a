// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { quoteArgs } from '../../model/index.ts';
import { checkEnd, quoteOutput } from '../check.ts';
import { monitorPathOf } from '../l2.ts';
import { findVmEnd } from '../l2-end.ts';
import { duration, milliseconds, name, shorthand, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';

const how = z.enum(['quit', 'TERM', 'KILL']);

const written = shorthand(
  'name',
  z.strictObject({
    name: name.default('l2'),
    how: how.default('quit').meta({ description: 'quit: by the QEMU monitor; otherwise by a signal' }),
    timeout: duration.default('30s'),
  }),
);
const settled = z.strictObject({ name, how, timeoutMs: milliseconds });

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Stops a VM inside the guest. */
export const stopL2 = defineStep<Written, Body>({
  kind: 'stopL2',
  description:
    'Stops a VM inside the guest and waits until its QEMU has ended. Fails when it had ended before.',
  written: () => written,
  settled: () => settled,
  settle: ({ name, how, timeout }) => ({ name, how, timeoutMs: toMs(timeout) }),
  describe: (body) => `stop the VM ${body.name}`,
  jobs: (body) => ({ uses: [body.name] }),
  async perform({ name, how, timeoutMs: writtenMs }, context) {
    const job = context.jobs.get(name);
    const timeoutMs = context.scale(writtenMs);
    const ended = await findVmEnd(job, context.guest, timeoutMs);
    if (ended) return { failures: [ended] };
    if (how === 'quit')
      await context.guest.run(quoteArgs(['qemu-monitor', monitorPathOf(name), 'quit']), { timeoutMs });
    else await job.kill(how);
    const result = await job.wait(timeoutMs);
    if (result === null) {
      const details = quoteOutput(job.output());
      return { failures: [{ what: 'deadline', title: 'QEMU did not end in time', details }] };
    }
    const details = quoteOutput(result);
    if (how !== 'quit' && result.signal === how) return { failures: [], details };
    return { failures: checkEnd(result, [0], 'qemu'), details };
  },
});
