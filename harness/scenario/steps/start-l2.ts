// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { quoteOutput } from '../check.ts';
import { consolePathOf, l2Command, monitorPathOf } from '../l2.ts';
import { defineStep } from '../step.ts';
import { amount, duration, name, toNumber } from '../words.ts';

const schema = z.strictObject({
  l2: z.string().min(1).meta({ description: 'which of the VMs named under l2' }),
  name: name.default('l2').meta({ description: 'what later steps call it' }),
  memoryMib: amount.default(96),
  devices: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: 'sysfs paths of devices handed to it by vfio-pci' }),
  append: z.string().default('').meta({ description: "added to its kernel's command line" }),
  paused: z.boolean().default(false).meta({ description: 'its CPU never runs; the monitor works' }),
  timeout: duration
    .default('30s')
    .meta({ description: 'until QEMU has taken its devices and its monitor answers' }),
});

type Body = z.infer<typeof schema>;

/** A VM inside the guest, started. */
export const startL2 = defineStep<Body>({
  kind: 'startL2',
  description: 'Starts a VM inside the guest; its console is /run/l2/NAME.console there.',
  schema: () => schema,
  describe: (body) => `start the VM ${body.name}`,
  jobs: (body) => ({ starts: [body.name] }),
  async perform(body, context) {
    const command = l2Command({ ...body, job: body.name, memoryMib: toNumber(body.memoryMib) });
    const guestJob = await context.guest.start(command, { env: context.env });
    const evidence = { path: consolePathOf(body.name), name: `${body.name}.console` };
    const job = context.jobs.add(body.name, guestJob, { evidence });
    const timeoutMs = context.scale(body.timeout);
    const monitor = monitorPathOf(body.name);
    const state = await context.poll(async () => {
      const end = await job.wait(1);
      if (end !== null) return end;
      const { exitCode } = await context.guest.run(`qemu-monitor ${monitor} info status`, { timeoutMs });
      return exitCode === 0 ? 'up' : null;
    }, timeoutMs);
    if (state === 'up') return { failures: [], details: [command] };
    if (state === null)
      return { failures: [{ what: 'deadline', title: 'its monitor does not answer', details: [command] }] };
    const how = state.signal === null ? `exit code ${state.exitCode}` : `SIG${state.signal}`;
    return {
      failures: [
        { what: 'not started', title: `QEMU ended with ${how}`, details: [command, ...quoteOutput(state)] },
      ],
    };
  },
});
