// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { checkEnd, checkText, quoteOutput } from '../check.ts';
import {
  exitList,
  settleOptionalText,
  textExpectation,
  toList,
  writtenExit,
  writtenText,
} from '../expectation.ts';
import { duration, milliseconds, shorthand, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';

const written = shorthand(
  'command',
  z.strictObject({
    command: z.string().min(1),
    timeout: duration.default('60s'),
    exit: z
      .union([writtenExit, z.literal('any')])
      .default(0)
      .meta({ description: 'the acceptable exit codes' }),
    stdout: writtenText.optional(),
    stderr: writtenText.optional(),
  }),
);

const settled = z.strictObject({
  command: z.string().min(1),
  timeoutMs: milliseconds,
  exit: z.union([exitList, z.literal('any')]),
  stdout: textExpectation.nullable(),
  stderr: textExpectation.nullable(),
});

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Runs a shell command to its end. */
export const run = defineStep<Written, Body>({
  kind: 'run',
  description: 'Runs a shell command in the guest and checks its exit code and output.',
  written: () => written,
  settled: () => settled,
  settle: ({ command, timeout, exit, stdout, stderr }) => ({
    command,
    timeoutMs: toMs(timeout),
    exit: exit === 'any' ? exit : toList(exit),
    stdout: settleOptionalText(stdout),
    stderr: settleOptionalText(stderr),
  }),
  describe: (body) => `run ${body.command.split('\n')[0]}`,
  async perform({ command, timeoutMs, exit, stdout, stderr }, context) {
    const result = await context.guest.run(command, {
      timeoutMs: context.scale(timeoutMs),
      env: context.env,
    });
    const ended = checkEnd(result, exit, command);
    const details = quoteOutput(result);
    const output = [
      ...checkText(result.stdout, stdout, 'stdout'),
      ...checkText(result.stderr, stderr, 'stderr'),
    ];
    return { failures: ended.length > 0 ? ended : output.map((one) => ({ ...one, details })), details };
  },
});
