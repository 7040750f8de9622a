// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { compilePattern, pattern } from '../pattern.ts';
import { duration, milliseconds, shorthand, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';

const written = shorthand('matches', z.strictObject({ matches: pattern, timeout: duration.default('20s') }));
const settled = z.strictObject({ matches: pattern, timeoutMs: milliseconds });

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Waits for a line in the kernel log. */
export const waitForDmesg = defineStep<Written, Body>({
  kind: 'waitForDmesg',
  description:
    'Waits for a line in the kernel log. Lines count from the start, or from the last step of this kind that found its line.',
  written: () => written,
  settled: () => settled,
  settle: ({ matches, timeout }) => ({ matches, timeoutMs: toMs(timeout) }),
  describe: (body) => `wait for the kernel to log ${body.matches}`,
  async perform({ matches, timeoutMs }, context) {
    if (await context.stage.waitForConsole(compilePattern(matches), context.scale(timeoutMs))) {
      context.stage.consoleMark();
      return { failures: [] };
    }
    return { failures: [{ what: 'silent', title: `no line of the kernel log matches /${matches}/` }] };
  },
});
