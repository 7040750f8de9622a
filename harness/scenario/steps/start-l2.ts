// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { quoteArgs } from '../../model/index.ts';
import { quoteOutput } from '../check.ts';
import { consolePathOf, l2Command, monitorPathOf } from '../l2.ts';
import { describeVmEnd } from '../l2-end.ts';
import {
  amount,
  count,
  duration,
  formed,
  lineOrNothing,
  milliseconds,
  name,
  toMs,
  toNumber,
} from '../scalar.ts';
import { defineStep } from '../step.ts';

const written = z.strictObject({
  l2: name.meta({ description: 'which of the VMs named under l2' }),
  name: name.default('l2').meta({ description: 'what later steps call it' }),
  memoryMib: amount.default(96),
  devices: z
    .array(formed(/^\/[^\s,\0-\x1f\x7f-\uffff]+$/, 'a path below /sys without blanks and commas', 1000, '/x'))
    .max(16)
    .default([])
    .meta({ description: 'sysfs paths of devices handed to it by vfio-pci' }),
  append: lineOrNothing.default('').meta({ description: "added to its kernel's command line" }),
  acpi: z
    .boolean()
    .default(false)
    .meta({ description: 'its kernel uses ACPI, by which it hears that a device is unplugged' }),
  paused: z.boolean().default(false).meta({ description: 'its CPU never runs; the monitor works' }),
  timeout: duration
    .default('30s')
    .meta({ description: 'until QEMU has taken its devices and its monitor answers' }),
});

const settled = z.strictObject({
  l2: z.string().min(1),
  name,
  memoryMib: count,
  devices: z.array(z.string().min(1)),
  append: z.string(),
  // Settled scenarios in older journals do not have it.
  acpi: z.boolean().default(false),
  paused: z.boolean(),
  timeoutMs: milliseconds,
});

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Starts a VM inside the guest. */
export const startL2 = defineStep<Written, Body>({
  kind: 'startL2',
  description: 'Starts a VM inside the guest; its console is /run/l2/NAME.console there.',
  written: () => written,
  settled: () => settled,
  settle: ({ l2, name, memoryMib, devices, append, acpi, paused, timeout }) => ({
    l2,
    name,
    memoryMib: toNumber(memoryMib),
    devices,
    append,
    acpi,
    paused,
    timeoutMs: toMs(timeout),
  }),
  describe: (body) => `start the VM ${body.name}`,
  jobs: (body) => ({ starts: [body.name] }),
  vms: (body) => [{ name: body.l2, path: ['l2'] }],
  async perform({ name, timeoutMs: writtenMs, ...vm }, context) {
    const command = l2Command({ ...vm, job: name });
    const guestJob = await context.guest.start(command, { env: context.env });
    const evidence = { path: consolePathOf(name), name: `${name}.console` };
    const job = context.jobs.add(name, guestJob, { evidence, isVm: true });
    const timeoutMs = context.scale(writtenMs);
    const askStatus = quoteArgs(['qemu-monitor', monitorPathOf(name), 'info status']);
    const state = await context.poll(async () => {
      const end = await job.wait(1);
      if (end !== null) return end;
      const { exitCode, stdout } = await context.guest.run(askStatus, { timeoutMs });
      return exitCode === 0 && !stdout.includes('inmigrate') ? 'up' : null;
    }, timeoutMs);
    if (state === 'up') return { failures: [], details: [command] };
    if (state === null) {
      const details = [command, ...quoteOutput(job.output())];
      return { failures: [{ what: 'deadline', title: 'its monitor does not answer', details }] };
    }
    const details = [command, ...quoteOutput(state)];
    return { failures: [{ what: 'not started', title: `QEMU ${describeVmEnd(state)}`, details }] };
  },
});
