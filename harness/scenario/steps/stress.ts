// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { Fault, type GuestJob, type GuestResult, quoteArgs } from '../../model/index.ts';
import { quoteOutput, requireCommand } from '../check.ts';
import { amount, count, toNumber } from '../scalar.ts';
import { defineStep, type SettledStep, type StepContext, type WrittenStep } from '../step.ts';

const KINDS = ['cpu', 'memoryMib', 'interrupts'] as const;

interface Written {
  readonly cpu?: number | string | undefined;
  readonly memoryMib?: number | string | undefined;
  readonly interrupts?: number | string | undefined;
  readonly steps: readonly WrittenStep[];
}

interface Body {
  readonly cpu: number | null;
  readonly memoryMib: number | null;
  readonly interrupts: number | null;
  readonly steps: readonly SettledStep[];
}

/** Until its processes are at work. */
const STARTED_MS = 10_000;

/** Performs steps while the machine has something else to do. */
export const stress = defineStep<Written, Body>({
  kind: 'stress',
  description: 'Performs steps while processes compute, fill memory or raise timer interrupts beside them.',
  written: (steps) =>
    z
      .strictObject({
        cpu: amount.optional().meta({ description: 'processes that compute' }),
        memoryMib: amount
          .optional()
          .meta({ description: 'one process fills so much memory and gives it back, again and again' }),
        interrupts: amount
          .optional()
          .meta({ description: 'processes with 4000 timer interrupts a second, spread over the CPUs' }),
        steps,
      })
      .refine(
        (body) => KINDS.some((kind) => body[kind] !== undefined),
        'there is no load: give cpu, memoryMib or interrupts',
      )
      .meta({ anyOf: KINDS.map((kind) => ({ required: [kind] })) }),
  settled: (steps) =>
    z.strictObject({
      cpu: count.nullable(),
      memoryMib: count.nullable(),
      interrupts: count.nullable(),
      steps,
    }),
  settle: ({ cpu, memoryMib, interrupts, steps }, settleSteps) => ({
    cpu: cpu === undefined ? null : toNumber(cpu),
    memoryMib: memoryMib === undefined ? null : toNumber(memoryMib),
    interrupts: interrupts === undefined ? null : toNumber(interrupts),
    steps: settleSteps(steps),
  }),
  quantities: ({ cpu = 0, interrupts = 0 }) => [
    { limit: 'stress', amount: cpu, path: ['cpu'] },
    { limit: 'stress', amount: interrupts, path: ['interrupts'] },
  ],
  describe: (body) => `stress ${KINDS.filter((kind) => body[kind] !== undefined).join(', ')}`,
  inner: (body) => [{ path: ['steps'], steps: body.steps }],
  async perform(body, context) {
    const job = await startStress(body, context);
    let passed: boolean;
    try {
      passed = await context.performList(body.steps);
    } catch (error) {
      // Nobody waits for it: the machine may be gone. What still runs after the cleanup is killed there.
      job.kill('KILL').catch(() => {});
      throw error;
    }
    await requireRunning(job);
    await job.kill('TERM');
    const numbers = readLoops((await job.wait(context.scale(STARTED_MS)))?.stdout ?? '');
    if (numbers === null) await job.kill('KILL');
    return { failures: [], stopped: !passed, ...(numbers ? { numbers } : {}) };
  },
});

async function startStress({ cpu, memoryMib, interrupts }: Body, context: StepContext): Promise<GuestJob> {
  const option = (letter: string, value: number | null) => (value === null ? [] : [letter, String(value)]);
  const args = [...option('-c', cpu), ...option('-m', memoryMib), ...option('-i', interrupts)];
  const guestJob = await context.guest.start(`exec ${quoteArgs(['stress', ...args])}`, { env: context.env });
  const job = context.jobs.add(context.jobs.freeName('stress'), guestJob);
  const started = async () => {
    await requireRunning(job);
    return job.output().stdout.includes('started') ? true : null;
  };
  if ((await context.poll(started, context.scale(STARTED_MS))) === null)
    throw notKept('the load did not start in time', []);
  return job;
}

/** Faults (scenario): the load has ended by itself, or the guest has no program for it. */
async function requireRunning(job: GuestJob): Promise<void> {
  const result: GuestResult | null = await job.wait(0);
  if (result === null) return;
  requireCommand(result, 'stress');
  throw notKept('the load ended before the steps under it', quoteOutput(result));
}

function notKept(message: string, details: readonly string[]): Fault {
  return new Fault({
    blame: 'scenario',
    code: 'SCENARIO_STRESS_ENDED',
    message,
    details,
    next: 'ask for less, or give the machine more memory: machine: {memoryMib: 2048}',
  });
}

/** `cpu=12 memory=3` as the step's numbers: how often each kind of load did its work. */
function readLoops(stdout: string): Readonly<Record<string, number>> | null {
  const line = /^(?:\w+=\d+ )+$/m.exec(stdout)?.[0];
  if (line === undefined) return null;
  return Object.fromEntries(
    [...line.matchAll(/(\w+)=(\d+)/g)].map(([, kind, loops]) => [
      kind === 'interrupts' ? kind : `${kind}Loops`,
      Number(loops),
    ]),
  );
}
