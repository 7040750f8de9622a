// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { Subtest } from '../../model/index.ts';
import { toList } from '../expectation.ts';
import { parseSelftest, runTarget } from '../kselftest.ts';
import { duration, formed, milliseconds, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';
import { describeSubtests } from './kunit.ts';

const test = formed(
  /^[a-z0-9][A-Za-z0-9_-]*(?:\/[A-Za-z0-9_-]+)*(?::[A-Za-z0-9_.+-]+)?$/,
  'a directory below tools/testing/selftests, such as net/forwarding, or one of its programs: core:close_range_test',
  200,
);
const tests = z.union([test, z.array(test).min(1).max(1000)]);

const map = z.strictObject({
  tests: tests.meta({ description: 'targets, or single programs of them, run one after the other' }),
  timeout: duration
    .optional()
    .meta({ description: "for each program; what the target's settings say when absent, else 45s" }),
});

const written = z
  .union([tests, map])
  .transform((value) =>
    typeof value === 'string' || Array.isArray(value) ? map.parse({ tests: value }) : value,
  ) as unknown as z.ZodType<z.output<typeof map>>;

const settled = z.strictObject({
  tests: z.array(z.string().min(1)).min(1),
  timeoutMs: milliseconds.nullable(),
});

type Body = z.output<typeof settled>;

/** Runs selftests of the tree under test. */
export const kselftest = defineStep<z.output<typeof map>, Body>({
  kind: 'kselftest',
  description:
    'Runs kselftest targets, built from the tree under test; each of their tests is compared by its own name.',
  written: () => written,
  settled: () => settled,
  settle: ({ tests, timeout }) => ({
    tests: toList(tests),
    timeoutMs: timeout === undefined ? null : toMs(timeout),
  }),
  describe: (body) => `kselftest ${toList(body.tests).join(', ')}`,
  async perform({ tests, timeoutMs }, context) {
    const subtests: Subtest[] = [];
    for (const one of tests) {
      for await (const own of runTarget(parseSelftest(one), timeoutMs, context)) {
        context.endSubtest(own);
        subtests.push(...own);
      }
    }
    return { failures: [], subtests, details: describeSubtests(subtests) };
  },
});
