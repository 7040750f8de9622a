// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { GuestResult } from '../../model/index.ts';
import { checkEnd, checkErrnos, checkText, countErrnos, quoteOutput } from '../check.ts';
import {
  errnoList,
  exitList,
  settleOptionalText,
  textExpectation,
  toList,
  writtenErrno,
  writtenExit,
  writtenText,
} from '../expectation.ts';
import type { Job } from '../jobs.ts';
import { duration, milliseconds, name, shorthand, signalName, toMs } from '../scalar.ts';
import { defineStep, type Failure, type StepOutcome } from '../step.ts';

const writtenEnd = z
  .strictObject({
    exit: writtenExit.optional(),
    signal: signalName.optional(),
    errno: writtenErrno.optional().meta({ description: 'for a job that writes' }),
    stdout: writtenText.optional(),
  })
  .refine(
    ({ exit, signal, errno }) => [exit, signal, errno].filter((one) => one !== undefined).length <= 1,
    'a job ends in one way: give only one of exit, signal and errno',
  );

const written = shorthand(
  'for',
  z.strictObject({
    for: name.meta({ description: 'the job' }),
    timeout: duration
      .default('30s')
      .meta({ description: 'how long it may take; for blocked: how long it must not end' }),
    expect: z
      .union([
        z.literal('blocked').meta({ description: 'it still runs when the time is over' }),
        z.literal('ended').meta({ description: 'it has ended, however it did' }),
        writtenEnd,
      ])
      .default({}),
  }),
);

const settledEnd = z.strictObject({
  exit: exitList.nullable(),
  signal: signalName.nullable(),
  errno: errnoList.nullable(),
  stdout: textExpectation.nullable(),
});

const settled = z.strictObject({
  job: name,
  timeoutMs: milliseconds,
  expect: z.union([z.literal('blocked'), z.literal('ended'), settledEnd]),
});

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;
type End = z.output<typeof settledEnd>;

/** Waits for a job to end, or makes sure that it does not. */
export const wait = defineStep<Written, Body>({
  kind: 'wait',
  description: 'Waits for a job to end and checks how it ended, or checks that it still runs.',
  written: () => written,
  settled: () => settled,
  settle: ({ for: job, timeout, expect }) => ({
    job,
    timeoutMs: toMs(timeout),
    expect: expect === 'blocked' || expect === 'ended' ? expect : settleEnd(expect),
  }),
  waits: ({ timeout, expect }) => (expect === 'blocked' ? timeout : undefined),
  describe: (body) => `wait for ${body.for}`,
  jobs: ({ for: job, expect }) => ({
    uses: [job],
    writes: typeof expect === 'object' && expect.errno !== undefined,
  }),
  async perform({ job: jobName, timeoutMs, expect }, context) {
    const job = context.jobs.get(jobName);
    const result = await job.wait(context.scale(timeoutMs));
    if (expect === 'blocked') return checkBlocked(job, result);
    if (result === null) {
      const details = quoteOutput(job.output());
      return { failures: [{ what: 'deadline', title: `${jobName} did not end in time`, details }] };
    }
    const details = [describeEnd(result, job), ...quoteOutput(result)];
    return { failures: expect === 'ended' ? [] : checkJobEnd(job, result, expect, details), details };
  },
});

function settleEnd({ exit, signal, errno, stdout }: z.output<typeof writtenEnd>): End {
  return {
    exit: exit === undefined ? null : toList(exit),
    signal: signal ?? null,
    errno: errno === undefined ? null : toList(errno),
    stdout: settleOptionalText(stdout),
  };
}

function checkBlocked(job: Job, result: GuestResult | null): StepOutcome {
  if (result === null) return { failures: [], details: [`${job.name} still runs`] };
  const details = [describeEnd(result, job), ...quoteOutput(result)];
  const title = `${job.name} exited but should still be blocked`;
  return { failures: [{ what: 'not blocked', title, details }] };
}

function checkJobEnd(job: Job, result: GuestResult, expect: End, details: readonly string[]): Failure[] {
  return [
    ...checkStatus(job, result, expect, details),
    ...checkText(result.stdout, expect.stdout, 'stdout').map((one) => ({ ...one, details })),
  ];
}

function checkStatus(job: Job, result: GuestResult, expect: End, details: readonly string[]): Failure[] {
  if (expect.signal !== null) {
    if (result.signal === expect.signal) return [];
    const title = `got ${describeEnd(result, job)}, expected SIG${expect.signal}`;
    return [{ what: 'signal', title, details }];
  }
  if (job.traits.writesErrnos === true && expect.exit === null)
    return checkErrnos(result, expect.errno ?? ['success'], 1);
  return checkEnd(result, expect.exit ?? [0], job.name);
}

function describeEnd(result: GuestResult, { traits }: Job): string {
  if (result.signal !== null) return `SIG${result.signal}`;
  if (traits.writesErrnos === true) return `errno: ${countErrnos(result.stdout)}`;
  return `exit code ${result.exitCode}`;
}
