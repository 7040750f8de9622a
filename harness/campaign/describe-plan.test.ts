// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCampaignPlan } from '../testing/fast-campaign.ts';
import { aCampaignRequest, aSeries } from '../testing/request.ts';
import { describePlan } from './describe-plan.ts';

const series = {
  ...(await aSeries([
    { subject: 'core: two', file: 'core.c', before: 'one\n', after: 'two\n' },
    { subject: 'core: three', file: 'core.c', before: 'two\n', after: 'three\n' },
  ])),
  notes: ['one mail was left out'],
};

t.test('a plan is described with all that it rests on', async (t) => {
  const { kernel } = aCampaignRequest();
  const request = aCampaignRequest({
    series,
    kernel: { ...kernel, patches: ['/a.patch', '/b.patch'] },
  });
  const plan = aCampaignPlan({ scenarios: ['s'], patches: 2, arms: 'pair', repeat: 1, l2: ['tiny'] });
  const trials = plan.trials.map((trial, index) => ({
    ...trial,
    boot: index === 1 ? ('cold' as const) : trial.boot,
  }));
  t.strictSame(describePlan(request, { ...plan, trials }, null), [
    'kernel     small: {"directory":"/nowhere/linux"}',
    'config     allnoconfig + /nowhere/a.config',
    'base       2 patches of the definition, then:',
    `series     core: two (version 1, 2 patches, sha256 ${series.digest.slice(0, 12)})`,
    '            1 core: two',
    '            2 core: three',
    '           note: one mail was left out',
    'code       not known before the source is fetched',
    'arm        base: 0 patches of the series',
    'arm        patched: 2 patches of the series',
    'l2 kernel  tiny',
    'trials     3',
    '           s.base.1 (seed 1, clone)',
    '           s.patched.1 (seed 1, cold boot)',
    '           s.base.1.control (seed 1, cold boot, a control for the clones)',
    'repeat     ktrial run series.mbox',
  ]);
});

t.test('what boots nothing is not called a boot', async (t) => {
  const plan = aCampaignPlan({ scenarios: ['s'], patches: 1, arms: 'pair', repeat: 1 });
  const scenarios = plan.scenarios.map((one) => ({ ...one, static: true as const }));
  const trials = plan.trials.filter((trial) => !trial.control);
  const lines = describePlan(aCampaignRequest({ series }), { ...plan, scenarios, trials }, null);
  t.strictSame(
    lines.filter((line) => line.startsWith('           s.')),
    [
      '           s.base.1 (seed 1, tree and objects, no machine)',
      '           s.patched.1 (seed 1, tree and objects, no machine)',
    ],
  );
});

t.test('what a plan has not is not described', async (t) => {
  const plan = aCampaignPlan({ scenarios: [], patches: 0, arms: 'pair', repeat: 1 });
  t.strictSame(
    describePlan(aCampaignRequest(), plan, null).map((line) => line.slice(0, 11).trim()),
    ['kernel', 'config', 'arm', 'trials', 'repeat'],
  );
});

t.test('a trial that delays the kernel, and its twin that does not, are called so', async (t) => {
  const plan = aCampaignPlan({ scenarios: ['s'], patches: 0, arms: 'pair', repeat: 1 });
  const [first] = plan.trials;
  if (!first) throw new Error('the plan has no trial');
  const trials = [true, false].map((widened) => ({ ...first, widened }));
  const lines = describePlan(aCampaignRequest(), { ...plan, trials }, null);
  t.ok(lines.includes('           s.base.1 (seed 1, clone, widened)'));
  t.ok(lines.includes('           s.base.1 (seed 1, clone, not widened)'));
});

t.test(
  'a plan that ends when the numbers decide says how many trials there may be, and of what',
  async (t) => {
    const made = aCampaignPlan({ scenarios: ['s'], patches: 1, arms: 'pair', repeat: 4 });
    const plan = { ...made, policy: { kind: 'sequential', detect: 0.65, budgetMs: null } as const };
    const lines = describePlan(aCampaignRequest(), plan, null);
    t.strictSame(lines.slice(lines.findIndex((line) => line.startsWith('trials'))).slice(0, 4), [
      'trials     at most 9, until the numbers decide',
      '           4 of s.base (clone)',
      '           4 of s.patched (clone)',
      '           1 of s.base (cold boot, a control for the clones)',
    ]);
  },
);
