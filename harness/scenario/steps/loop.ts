// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { amount, count, duration, milliseconds, toMs, toNumber } from '../scalar.ts';
import { defineStep, type SettledStep, type StepContext, type WrittenStep } from '../step.ts';

const until = z.enum(['failure', 'hit', 'end']);
type Until = z.output<typeof until>;

interface Written {
  readonly count?: number | string | undefined;
  readonly time?: string | undefined;
  readonly until: Until;
  readonly steps: readonly WrittenStep[];
}

interface Body {
  readonly count: number | null;
  readonly timeMs: number | null;
  readonly until: Until;
  readonly steps: readonly SettledStep[];
}

/** Rounds whose steps are recorded when they fail. The others are counted. */
const HITS_RECORDED = 5;
/** A complaint of the last round may still be on its way through the console. */
const LAST_WORDS_MS = 300;

/** Performs steps again and again, and counts the rounds that hit. */
export const loop = defineStep<Written, Body>({
  kind: 'loop',
  description:
    'Performs steps again and again, a number of times or for a time (not scaled); $ROUND is 1 in the first round. Counts hits: rounds in which a step fails or a splat comes.',
  written: (steps) =>
    z
      .strictObject({
        count: amount.optional(),
        time: duration.optional(),
        until: until.default('failure').meta({
          description:
            'failure: a round in which a step fails is the last; hit: one with a splat as well; end: every round is performed',
        }),
        steps,
      })
      .refine((body) => (body.count === undefined) !== (body.time === undefined), 'give either count or time')
      .meta({ oneOf: [{ required: ['count'] }, { required: ['time'] }] }),
  settled: (steps) =>
    z.strictObject({
      count: count.nullable(),
      timeMs: milliseconds.nullable(),
      // Settled scenarios in older journals do not have it.
      until: until.default('failure'),
      steps,
    }),
  settle: ({ count, time, until, steps }, settleSteps) => ({
    count: count === undefined ? null : toNumber(count),
    timeMs: time === undefined ? null : toMs(time),
    until,
    steps: settleSteps(steps),
  }),
  waits: ({ time }) => time,
  describe: (body) => `loop ${body.count ?? body.time}`,
  inner: (body) => [{ path: ['steps'], steps: body.steps }],
  async perform({ count, timeMs, until, steps }, context) {
    const { stage } = context;
    const rounds = count ?? Number.POSITIVE_INFINITY;
    const startedAt = stage.now();
    const end = startedAt + (timeMs ?? Number.POSITIVE_INFINITY);
    const tally: Tally = { rounds: 0, hits: 0, failed: 0, firstHit: null, lastHit: null };
    const hasNewSplat = splatCounter(context);
    const measure = (now: number) => ({
      details: describe(tally),
      numbers: countTally(tally, (now - startedAt) / 1000),
    });
    context.whenCut(() => {
      if (hasNewSplat() && tally.lastHit !== tally.rounds) noteHit(tally, tally.rounds);
      return measure(stage.now());
    });
    while (tally.rounds < rounds && stage.now() < end) {
      tally.rounds += 1;
      const passed = await context.performList(steps, {
        env: { ROUND: String(tally.rounds) },
        quiet: true,
        silent: tally.failed >= HITS_RECORDED,
      });
      const isSplat = hasNewSplat();
      if (!passed) tally.failed += 1;
      if (!passed || isSplat) noteHit(tally, tally.rounds);
      if ((until === 'failure' && !passed) || (until === 'hit' && tally.hits > 0)) break;
    }
    const endedAt = stage.now();
    if (stage.splatsSeen && tally.lastHit !== tally.rounds) {
      await context.sleep(LAST_WORDS_MS);
      if (hasNewSplat()) noteHit(tally, tally.rounds);
    }
    return { failures: [], ...measure(endedAt), stopped: tally.failed > 0 };
  },
});

interface Tally {
  rounds: number;
  hits: number;
  /** Hits in which a step failed. */
  failed: number;
  firstHit: number | null;
  lastHit: number | null;
}

function countTally({ rounds, hits }: Tally, seconds: number): Readonly<Record<string, number>> {
  return {
    rounds,
    hits,
    ...(seconds > 0 ? { hitsPerSecond: Number((hits / seconds).toPrecision(3)) } : {}),
  };
}

function noteHit(tally: Tally, round: number): void {
  tally.hits += 1;
  tally.firstHit ??= round;
  tally.lastHit = round;
}

/** Says each time whether a splat came since it was asked last. */
function splatCounter({ stage }: StepContext): () => boolean {
  let before = stage.splatsSeen?.() ?? 0;
  return () => {
    const now = stage.splatsSeen?.() ?? 0;
    const isNew = now > before;
    before = now;
    return isNew;
  };
}

function describe({ rounds, hits, failed, firstHit }: Tally): string[] {
  if (hits === 0) return [`${rounds} rounds, none hit`];
  const more =
    failed > HITS_RECORDED ? `; the steps of ${failed - HITS_RECORDED} rounds that failed are left out` : '';
  return [`${hits} of ${rounds} rounds hit, the first was round ${firstHit}${more}`];
}
