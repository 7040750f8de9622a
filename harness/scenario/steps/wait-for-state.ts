// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { GuestResult } from '../../model/index.ts';
import { checkEnd, checkText, quoteOutput } from '../check.ts';
import { settleOptionalText, textExpectation, writtenText } from '../expectation.ts';
import { duration, milliseconds, toMs } from '../scalar.ts';
import { defineStep, type Failure } from '../step.ts';

const written = z.strictObject({
  command: z.string().min(1),
  stdout: writtenText.optional(),
  timeout: duration.default('30s').meta({ description: 'for all tries together' }),
});

const settled = z.strictObject({
  command: z.string().min(1),
  stdout: textExpectation.nullable(),
  timeoutMs: milliseconds,
});

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Waits for a state of the guest that a command can see. */
export const waitForState = defineStep<Written, Body>({
  kind: 'waitForState',
  description: 'Runs a shell command again and again until it succeeds and its output is as expected.',
  written: () => written,
  settled: () => settled,
  settle: ({ command, stdout, timeout }) => ({
    command,
    stdout: settleOptionalText(stdout),
    timeoutMs: toMs(timeout),
  }),
  describe: (body) => `wait until ${body.command.split('\n')[0]}`,
  async perform({ command, stdout, timeoutMs: writtenMs }, context) {
    const timeoutMs = context.scale(writtenMs);
    let last: GuestResult | null = null;
    let failures: Failure[] = [];
    await context.poll(async () => {
      last = await context.guest.run(command, { timeoutMs, env: context.env });
      failures = [...checkEnd(last, [0], command), ...checkText(last.stdout, stdout, 'stdout')];
      return failures.length === 0 ? true : null;
    }, timeoutMs);
    const details = last === null ? [] : quoteOutput(last);
    if (failures.length === 0) return { failures, details };
    const reasons = failures.map((one) => `last try: ${one.title}`);
    const title = `not reached within ${Math.round(timeoutMs / 1000)} s`;
    return { failures: [{ what: 'state', title, details: [...reasons, ...details] }], details };
  },
});
