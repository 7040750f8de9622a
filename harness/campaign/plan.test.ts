// SPDX-License-Identifier: MIT
import t from 'tap';
import { DEFAULT_TRIALS, type Series } from '../model/index.ts';
import { planArms, planCampaign } from './plan.ts';
import type { CampaignRequest } from './request.ts';
import { seedOf } from './seed.ts';

const aSeries = (patches: number) =>
  ({ patches: Array.from({ length: patches }, () => ({})) }) as unknown as Series;

const NOTHING_TO_DO = { setup: [], steps: [], cleanup: [] };

t.test('arms are the base alone, a pair, or every prefix of the series', async (t) => {
  const names = (...args: Parameters<typeof planArms>) =>
    planArms(...args).map((arm) => [arm.name, arm.patches]);
  t.strictSame(names(null, 'per-patch'), [['base', 0]]);
  t.strictSame(names(aSeries(3), 'pair'), [
    ['base', 0],
    ['patched', 3],
  ]);
  t.strictSame(names(aSeries(3), 'per-patch'), [
    ['base', 0],
    ['1', 1],
    ['1..2', 2],
    ['1..3', 3],
  ]);
});

t.test('every scenario runs on every arm, as often as the more of request and scenario', async (t) => {
  const scenario = (name: string, repeats: number) => ({
    name,
    repeats,
    l2: {},
    ...NOTHING_TO_DO,
  });
  const request = {
    series: aSeries(2),
    arms: 'per-patch',
    repeat: 1,
    knownIssues: [],
    seed: 1,
    clonesPerControl: 20,
    scenarios: [scenario('once', 1), scenario('twice', 2)],
  } as unknown as CampaignRequest;
  const plan = planCampaign(request);
  const trials = plan.trials.filter((trial) => !trial.control);
  t.equal(plan.trials.length, trials.length + 1, 'one control');
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

t.test('a machine is a clone unless the request or the scenario forbids it', async (t) => {
  const boots = (cold: boolean, clone: string, needs?: object) =>
    planCampaign({
      series: null,
      arms: 'pair',
      repeat: 1,
      knownIssues: [],
      seed: 1,
      cold,
      clonesPerControl: 20,
      scenarios: [{ name: 'one', repeats: 1, l2: {}, clone, needs, ...NOTHING_TO_DO }],
    } as unknown as CampaignRequest).trials.map((trial) => trial.boot);
  t.strictSame(boots(false, 'auto'), ['clone', 'cold']);
  t.strictSame(boots(true, 'auto'), ['cold']);
  t.strictSame(boots(false, 'never'), ['cold']);
  t.strictSame(boots(false, 'auto', { modules: ['mtty'], pci: null }), ['clone', 'cold']);
  t.strictSame(
    boots(false, 'auto', { modules: [], pci: '15b3:*' }),
    ['cold'],
    'a real device is in no snapshot',
  );
});

t.test('arms have titles for people', async (t) => {
  const titles = (...args: Parameters<typeof planArms>) => planArms(...args).map((arm) => arm.title);
  t.strictSame(titles(aSeries(3), 'per-patch'), [
    'the base',
    'patch 1 of 3',
    'patches 1 to 2 of 3',
    'patches 1 to 3 of 3',
  ]);
  t.strictSame(titles(aSeries(3), 'pair'), ['the base', 'the series']);
  t.strictSame(titles(aSeries(0), 'pair'), ['the base']);
});

t.test('a plan has what scenarios need, one seed for all arms, and the longest first', async (t) => {
  const l2 = (kernel: string) => ({ [kernel]: { kernel, image: 'l2' } });
  const machine = { cpus: 1, memoryMib: 512, kernelArgs: [] };
  const scenario = (name: string, part: object) => ({
    name,
    description: `it is ${name}`,
    machine,
    timeoutMs: 1000,
    ...NOTHING_TO_DO,
    repeats: 1,
    clone: 'never',
    ...part,
  });
  const scenarios = [
    scenario('short', { l2: { ...l2('tiny'), ...l2('other') } }),
    scenario('long', { l2: l2('tiny') }),
  ];
  const plan = planCampaign(
    {
      series: aSeries(1),
      arms: 'pair',
      repeat: 2,
      ...DEFAULT_TRIALS,
      knownIssues: [],
      seed: 7,
      cold: false,
      clonesPerControl: 1,
      scenarios,
    } as never,
    (trial) => (trial.scenario === 'long' ? 100 : 1),
  );
  t.strictSame(plan.l2Kernels, ['other', 'tiny']);
  t.equal(plan.comparison, 'pair');
  t.strictSame(plan.scenarios[0], {
    name: 'short',
    description: 'it is short',
    machine,
    timeoutMs: 1000,
    l2: scenarios[0] && { ...l2('tiny'), ...l2('other') },
    settled: scenarios[0],
  });
  t.strictSame(plan.trials[0], {
    id: 'long.base.1',
    scenario: 'long',
    arm: 'base',
    attempt: 1,
    seed: seedOf(7, 'long', 1),
    boot: 'cold',
    template: 0,
    control: false,
  });
  t.equal(plan.trials[1]?.seed, plan.trials[0]?.seed, 'arms differ in the kernel alone');
  t.equal(plan.trials.length, 8);
  t.strictSame(
    planCampaign({ scenarios: [], knownIssues: [], series: null, arms: 'pair' } as never).trials,
    [],
  );
});

t.test(
  'of a scenario that delays the kernel some attempts are also made without delays, on every arm',
  async (t) => {
    const widen = { kind: 'widen', label: 'w', continue: false, body: { steps: [] } };
    const scenario = {
      name: 's',
      description: 's',
      machine: {},
      l2: {},
      timeoutMs: 1,
      ...NOTHING_TO_DO,
      steps: [widen],
      repeats: 5,
      clone: 'auto',
    };
    const plan = planCampaign({
      series: aSeries(1),
      arms: 'pair',
      repeat: 1,
      knownIssues: [],
      ...DEFAULT_TRIALS,
      seed: 7,
      cold: false,
      clonesPerControl: 0,
      scenarios: [scenario],
    } as never);
    const ids = (widened: boolean) =>
      plan.trials.filter((one) => one.widened === widened && one.arm === 'patched').map((one) => one.id);
    t.strictSame(
      ids(true),
      [1, 2, 3, 4, 5].map((attempt) => `s.patched.${attempt}`),
    );
    t.strictSame(ids(false), ['s.patched.1.unwidened', 's.patched.5.unwidened']);
    t.equal(plan.trials.length, 14);
  },
);

t.test('what boots nothing is looked at once on each arm, however many trials there are', async (t) => {
  const request = {
    series: aSeries(1),
    arms: 'pair',
    repeat: 3,
    knownIssues: [],
    seed: 1,
    clonesPerControl: 20,
    scenarios: [{ name: 's', repeats: 5, l2: {}, ...NOTHING_TO_DO, static: [{}] }],
  } as unknown as CampaignRequest;
  const plan = planCampaign(request);
  t.strictSame(
    plan.trials.map(({ id, boot, control }) => [id, boot, control]),
    [
      ['s.base.1', 'cold', false],
      ['s.patched.1', 'cold', false],
    ],
  );
  t.match(plan.scenarios, [{ name: 's', static: true }]);
});
