// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { amount, count, duration, milliseconds, toMs, toNumber } from '../scalar.ts';
import { defineStep, type SettledStep, type WrittenStep } from '../step.ts';

interface Written {
  readonly count?: number | string | undefined;
  readonly time?: string | undefined;
  readonly steps: readonly WrittenStep[];
}

interface Body {
  readonly count: number | null;
  readonly timeMs: number | null;
  readonly steps: readonly SettledStep[];
}

/** Performs steps again and again. */
export const loop = defineStep<Written, Body>({
  kind: 'loop',
  description:
    'Performs steps again and again, a number of times or for a time (not scaled); $ROUND is 1 in the first round. A round that fails is the last.',
  written: (steps) =>
    z
      .strictObject({ count: amount.optional(), time: duration.optional(), steps })
      .refine((body) => (body.count === undefined) !== (body.time === undefined), 'give either count or time')
      .meta({ oneOf: [{ required: ['count'] }, { required: ['time'] }] }),
  settled: (steps) => z.strictObject({ count: count.nullable(), timeMs: milliseconds.nullable(), steps }),
  settle: ({ count, time, steps }, settleSteps) => ({
    count: count === undefined ? null : toNumber(count),
    timeMs: time === undefined ? null : toMs(time),
    steps: settleSteps(steps),
  }),
  waits: ({ time }) => time,
  describe: (body) => `loop ${body.count ?? body.time}`,
  inner: (body) => [{ path: ['steps'], steps: body.steps }],
  async perform({ count, timeMs, steps }, context) {
    const rounds = count ?? Number.POSITIVE_INFINITY;
    const end = context.stage.now() + (timeMs ?? Number.POSITIVE_INFINITY);
    let round = 1;
    for (; round <= rounds && context.stage.now() < end; round++) {
      const env = { ROUND: String(round) };
      if (!(await context.performList(steps, { env, quiet: true })))
        return {
          failures: [],
          details: [`round ${round} failed`],
          numbers: { rounds: round },
          stopped: true,
        };
    }
    return { failures: [], details: [`${round - 1} rounds`], numbers: { rounds: round - 1 } };
  },
});
