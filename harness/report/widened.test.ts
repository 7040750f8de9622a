// SPDX-License-Identifier: MIT
import t from 'tap';
import type { StepRecord } from '../model/index.ts';
import { aState, aTrial, aVerdict } from '../testing/index.ts';
import { REPORTERS, showRun, showTrial } from './index.ts';
import { createNarrator } from './narrate.ts';

const options = { runDirectory: '/runs/1', color: false, columns: 100, verbose: false };

const step: StepRecord = {
  label: 'hold the removal',
  kind: 'widen',
  phase: 'steps',
  startedAt: '2026-01-01T00:00:00.000Z',
  durationMs: 5000,
  outcome: 'passed',
  details: ['delayed 1 of 1 entries, together 3.000 s'],
  numbers: { entries: 1, delayed: 1 },
};

const state = aState(
  [
    aTrial('race.base.1', { widened: true, steps: [step] }),
    aTrial('race.base.2', { widened: false }),
    aTrial('plain.base.1'),
  ],
  aVerdict(
    ['race', 'plain'].map((scenario) => ({
      scenario,
      comparison: 'clean' as const,
      reason: 'no complaint',
      signatures: [],
    })),
  ),
);

t.test(
  'every report says which trials were widened, and nothing where a scenario widens nothing',
  async (t) => {
    const tap = REPORTERS.tap(state, options);
    t.match(tap, /- id: "race\.base\.1"\n +arm: "base"\n +widened: true\n/);
    t.match(tap, /- id: "race\.base\.2"\n +arm: "base"\n +widened: false\n/);
    t.match(tap, /- id: "plain\.base\.1"\n +arm: "base"\n +outcome: /);

    const junit = REPORTERS.junit(state, options);
    t.match(junit, 'race.base.1 (widened): passed');
    t.match(junit, 'race.base.2 (not widened): passed');
    t.match(junit, 'plain.base.1: passed');
  },
);

t.test('so do show and progress, with what was measured', async (t) => {
  const run = showRun(state, '/runs/1');
  t.match(run, /^trial {5}race\.base\.1 \(widened\): passed/m);
  t.match(run, /^trial {5}race\.base\.2 \(not widened\): passed/m);
  t.match(run, /^trial {5}plain\.base\.1: passed/m);
  const [first] = state.trials;
  const shown = (first && showTrial(first, '/runs/1')) ?? '';
  t.match(shown, /^trial {5}race\.base\.1 \(widened\)$/m);
  t.match(shown, /^measured {2}entries 1, delayed 1\n {10}delayed 1 of 1 entries, together 3\.000 s$/m);
  const result = first?.result;
  if (!result) throw new Error('the trial has no result');
  const narrate = createNarrator();
  t.match(
    narrate({
      type: 'trialEnded',
      trial: result.id,
      result,
      at: '2026-01-01T00:00:00.000Z',
      sequence: 1,
    } as never),
    /^race\.base\.1 \(widened\): passed in /,
  );
});
