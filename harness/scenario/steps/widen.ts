// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { amount, count, duration, formed, milliseconds, toMs, toNumber } from '../scalar.ts';
import { defineStep, type SettledStep, type WrittenStep } from '../step.ts';
import { performWidened } from '../widen.ts';

const LONGEST_FUNCTION = 120;
/** What the kernel keeps of a task's name. */
const LONGEST_COMM = 15;

/** No offset: behind an entry a delay can stand after a lock was released, where no kernel waits for anybody. */
const functionName = formed(
  /^[A-Za-z_][A-Za-z0-9_.]*$/,
  'the name of a kernel function; a delay is at its entry, never at an offset',
  LONGEST_FUNCTION,
);
const comm = formed(/^[A-Za-z0-9_.:@/-]+$/, "a task's name: letters, digits and _ . : @ / -", LONGEST_COMM);
/** A count that may be none. */
const countOrNone = z.union([z.literal(0), z.literal('0'), amount]);
const share = z.union([
  z.number().gt(0).max(1),
  formed(/^(?:1|1\.0+|0?\.[0-9]*[1-9][0-9]*)$/, 'a number above 0 and up to 1', 100, '1'),
]);

interface Written {
  readonly function: string;
  readonly comm?: string | undefined;
  readonly delay: string;
  readonly jitter?: string | undefined;
  readonly times: number | string;
  readonly skip: number | string;
  readonly probability: number | string;
  readonly expect?: 'hit' | 'any' | undefined;
  readonly steps: readonly WrittenStep[];
}

/** Longer ones the stall detectors of a kernel would take for a bug. */
const LONGEST_MS = 10_000;

const written = (steps: z.ZodType<readonly WrittenStep[]>) =>
  z
    .strictObject({
      function: functionName.meta({ description: 'the kernel function at whose entry tasks are delayed' }),
      comm: comm.optional().meta({ description: 'delay only tasks of this name; every task when absent' }),
      delay: duration.meta({ description: 'how long, not scaled; at most 10s' }),
      jitter: duration
        .optional()
        .meta({ description: "up to this much more, by the trial's seed; not scaled" }),
      times: amount.default(1).meta({ description: 'delay at most this many times' }),
      skip: countOrNone.default(0).meta({ description: 'let this many entries pass first' }),
      probability: share
        .default(1)
        .meta({ description: "delay this share of the entries, by the trial's seed" }),
      expect: z.enum(['hit', 'any']).optional().meta({
        description:
          'hit: a trial in which no task was delayed tests nothing, and the scenario is to blame; any: that is right. hit when absent, any where probability is below 1',
      }),
      steps: steps.meta({ description: 'what is performed meanwhile' }),
    })
    .superRefine(({ delay, jitter, steps }, context) => {
      const ms = toMs(delay) + (jitter === undefined ? 0 : toMs(jitter));
      if (ms > LONGEST_MS)
        context.addIssue({
          code: 'custom',
          path: ['delay'],
          message: `got ${ms / 1000} s with the jitter, expected at most ${LONGEST_MS / 1000} s: longer ones the kernel takes for a lockup`,
          params: { code: 'OUT_OF_RANGE' },
        });
      if (namesWiden(steps))
        context.addIssue({
          code: 'custom',
          path: ['steps'],
          message: 'one step widen inside another: tasks are delayed at one function at a time',
          params: { code: 'WRONG_FORM' },
        });
    });

/** Whether steps, or steps inside them, have one of this kind. */
function namesWiden(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return (!Array.isArray(value) && Object.hasOwn(value, 'widen')) || Object.values(value).some(namesWiden);
}

const settled = (steps: z.ZodType<readonly SettledStep[]>) =>
  z.strictObject({
    function: z.string().min(1),
    comm: z.string().nullable(),
    delayMs: milliseconds,
    jitterMs: z.number().min(0),
    times: count,
    skip: z.int().min(0),
    probability: z.number().gt(0).max(1),
    expect: z.enum(['hit', 'any']),
    steps,
  });

type Body = z.output<ReturnType<typeof settled>>;

/** Delays tasks at the entry of a kernel function while inner steps are performed. */
export const widen = defineStep<Written, Body>({
  kind: 'widen',
  description:
    'Delays tasks at the entry of a kernel function while its steps are performed, to widen a window of a race. The controls of such a scenario perform the steps without a delay.',
  written,
  settled,
  settle: (body, settleSteps) => {
    const probability = Number(body.probability);
    return {
      function: body.function,
      comm: body.comm ?? null,
      delayMs: toMs(body.delay),
      jitterMs: body.jitter === undefined ? 0 : toMs(body.jitter),
      times: toNumber(body.times),
      skip: toNumber(body.skip),
      probability,
      expect: body.expect ?? (probability < 1 ? 'any' : 'hit'),
      steps: settleSteps(body.steps),
    };
  },
  describe: (body) => `widen ${body.function}`,
  inner: (body) => [{ path: ['steps'], steps: body.steps }],
  perform: performWidened,
});
