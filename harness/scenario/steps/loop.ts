// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { defineStep, type StepText } from '../step.ts';
import { amount, duration, toMs, toNumber } from '../words.ts';

interface Body {
  readonly count?: number | string | undefined;
  readonly time?: string | undefined;
  readonly steps: readonly StepText[];
}

/** The same steps again and again. */
export const loop = defineStep<Body>({
  kind: 'loop',
  description:
    'Performs steps again and again, a number of times or for a time (not scaled); $ROUND is 1 in the first round. A round that fails is the last.',
  schema: (steps) =>
    z
      .strictObject({ count: amount.optional(), time: duration.optional(), steps })
      .refine(
        (body) => (body.count === undefined) !== (body.time === undefined),
        'give either count or time',
      ),
  describe: (body) => `loop ${body.count ?? body.time}`,
  inner: (body) => [{ path: ['steps'], steps: body.steps }],
  async perform(body, context) {
    const rounds = body.count === undefined ? Number.POSITIVE_INFINITY : toNumber(body.count);
    const end = body.time === undefined ? Number.POSITIVE_INFINITY : context.stage.now() + toMs(body.time);
    let round = 1;
    for (; round <= rounds && context.stage.now() < end; round++) {
      const env = { ROUND: String(round) };
      if (!(await context.performList(body.steps, { env, quiet: true })))
        return { failures: [], details: [`round ${round} failed`], stopped: true };
    }
    return { failures: [], details: [`${round - 1} rounds`] };
  },
});
