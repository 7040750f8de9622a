// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { type GuestResult, quoteArg } from '../../model/index.ts';
import { quoteOutput } from '../check.ts';
import { duration, line, milliseconds, shorthand, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';

const written = shorthand(
  'path',
  z.strictObject({
    path: line,
    gone: z.boolean().default(false).meta({ description: 'wait until it is no longer there' }),
    timeout: duration.default('20s'),
  }),
);
const settled = z.strictObject({ path: z.string().min(1), gone: z.boolean(), timeoutMs: milliseconds });

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Waits for a file to appear or to disappear. */
export const waitForFile = defineStep<Written, Body>({
  kind: 'waitForFile',
  description: 'Waits until a path is there, or is gone.',
  written: () => written,
  settled: () => settled,
  settle: ({ path, gone, timeout }) => ({ path, gone, timeoutMs: toMs(timeout) }),
  describe: (body) => `wait for the file ${body.path}`,
  async perform({ path, gone, timeoutMs: writtenMs }, context) {
    const timeoutMs = context.scale(writtenMs);
    const test = `[ ${gone ? '! ' : ''}-e ${quoteArg(path)} ]`;
    let last: GuestResult | null = null;
    const there = await context.poll(async () => {
      last = await context.guest.run(test, { timeoutMs, env: context.env });
      return last.exitCode === 0 ? true : null;
    }, timeoutMs);
    if (there) return { failures: [] };
    const details = last === null ? [] : quoteOutput(last);
    const failure = gone
      ? { what: 'still there', title: `${path} is still there` }
      : { what: 'missing', title: `${path} is not there` };
    return { failures: [{ ...failure, details }] };
  },
});
