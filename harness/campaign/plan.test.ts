// SPDX-License-Identifier: MIT
import t from 'tap';
import type { Series } from '../model/index.ts';
import { planArms, planCampaign } from './plan.ts';
import type { CampaignRequest } from './request.ts';

const aSeries = (patches: number) =>
  ({ patches: Array.from({ length: patches }, () => ({})) }) as unknown as Series;

t.test('arms are the base alone, a pair, or every prefix of the series', async (t) => {
  const names = (...args: Parameters<typeof planArms>) =>
    planArms(...args).map((arm) => [arm.name, arm.patches]);
  t.strictSame(names(null, 'staircase'), [['base', 0]]);
  t.strictSame(names(aSeries(3), 'pair'), [
    ['base', 0],
    ['patched', 3],
  ]);
  t.strictSame(names(aSeries(3), 'staircase'), [
    ['base', 0],
    ['1', 1],
    ['1..2', 2],
    ['1..3', 3],
  ]);
});

t.test('every scenario runs on every arm, as often as the more of request and scenario', async (t) => {
  const scenario = (name: string, repeats: number) => ({ name, repeats, l2: {} });
  const request = {
    series: aSeries(2),
    arms: 'staircase',
    repeat: 1,
    seed: 1,
    scenarios: [scenario('once', 1), scenario('twice', 2)],
  } as unknown as CampaignRequest;
  const { trials } = planCampaign(request);
  t.strictSame(
    trials.map((trial) => trial.id),
    [
      ...['base', '1', '1..2'].map((arm) => `once.${arm}.1`),
      ...['base', '1', '1..2'].map((arm) => `twice.${arm}.1`),
      ...['base', '1', '1..2'].map((arm) => `twice.${arm}.2`),
    ],
  );
  t.equal(new Set(trials.map((trial) => trial.id)).size, trials.length, 'an id is a trial');
});
