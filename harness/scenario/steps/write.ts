// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { checkErrnos, countErrnos, quoteOutput } from '../check.ts';
import {
  countErrnosOwed,
  errnoWriteCommand,
  listTargetQuantities,
  settledTarget,
  settleTarget,
  withOneSource,
  writtenTarget,
} from '../errno-write.ts';
import { errnoList, toList, writtenErrno } from '../expectation.ts';
import { duration, milliseconds, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';

const written = withOneSource(
  z.strictObject({
    ...writtenTarget,
    expect: writtenErrno.default('success'),
    timeout: duration.default('30s'),
  }),
);

const settled = z.strictObject({ ...settledTarget, expect: errnoList, timeoutMs: milliseconds });

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Writes to a file and checks the errno. */
export const write = defineStep<Written, Body>({
  kind: 'write',
  description: 'Writes to a file in the guest and checks the errno of each write.',
  written: () => written,
  settled: () => settled,
  settle: ({ expect, timeout, ...target }) => ({
    ...settleTarget(target),
    expect: toList(expect),
    timeoutMs: toMs(timeout),
  }),
  quantities: listTargetQuantities,
  describe: (body) => `write ${body.value ?? 'values'} to ${body.to}`,
  async perform({ expect, timeoutMs, ...target }, context) {
    const result = await context.guest.run(errnoWriteCommand(target), {
      timeoutMs: context.scale(timeoutMs),
      env: context.env,
    });
    return {
      failures: checkErrnos(result, expect, countErrnosOwed(target)),
      details: [
        `errno: ${countErrnos(result.stdout)}`,
        ...quoteOutput({ stdout: '', stderr: result.stderr }),
      ],
    };
  },
});
