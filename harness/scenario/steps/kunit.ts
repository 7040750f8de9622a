// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { isFailure, type Subtest } from '../../model/index.ts';
import { toList } from '../expectation.ts';
import { runSuite } from '../kunit.ts';
import { duration, formed, milliseconds, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';

const suite = formed(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, "a suite's name, such as list_sort", 100);
const suites = z.union([suite, z.array(suite).min(1).max(1000)]);

const map = z.strictObject({
  suites: suites.meta({ description: 'the suites to run, one after the other' }),
  timeout: duration.default('5m').meta({ description: 'for each suite' }),
});

const written = z
  .union([suites, map])
  .transform((value) =>
    typeof value === 'string' || Array.isArray(value) ? map.parse({ suites: value }) : value,
  ) as unknown as z.ZodType<z.output<typeof map>>;

const settled = z.strictObject({ suites: z.array(z.string().min(1)).min(1), timeoutMs: milliseconds });

type Body = z.output<typeof settled>;

/** Runs KUnit suites of the kernel under test. */
export const kunit = defineStep<z.output<typeof map>, Body>({
  kind: 'kunit',
  description:
    'Runs KUnit suites of the kernel under test, built in or as modules; each of their tests is compared by its own name.',
  written: () => written,
  settled: () => settled,
  settle: ({ suites, timeout }) => ({ suites: toList(suites), timeoutMs: toMs(timeout) }),
  describe: (body) => `KUnit ${toList(body.suites).join(', ')}`,
  async perform({ suites, timeoutMs }, context) {
    const subtests: Subtest[] = [];
    for (const name of suites) {
      context.beginSubtest(name);
      const own = await runSuite(name, context.scale(timeoutMs), context);
      context.endSubtest(own);
      subtests.push(...own);
    }
    return { failures: [], subtests, details: describeSubtests(subtests) };
  },
});

/** The tests of a suite as lines of a step's record, those that failed first. */
export function describeSubtests(subtests: readonly Subtest[]): readonly string[] {
  const failed = subtests.filter((one) => isFailure(one.outcome));
  const others = subtests.filter((one) => !isFailure(one.outcome));
  return [...failed, ...others].map(
    ({ name, outcome, reason }) => `${name}: ${outcome}${reason === null ? '' : `: ${reason}`}`,
  );
}
