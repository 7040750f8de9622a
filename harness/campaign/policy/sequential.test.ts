// SPDX-License-Identifier: MIT
import t from 'tap';
import type { CampaignPlan, CampaignState, PolicyChoice, TrialResult, TrialSpec } from '../../model/index.ts';
import { aCampaignPlan, runFast } from '../../testing/fast-campaign.ts';
import { aFinding, aPerformer, aSplat } from '../../testing/index.ts';
import {
  concludeSimulation,
  randomOf,
  type SimulatedFault,
  simulateCampaign,
} from '../../testing/simulation.ts';
import { policyOf } from './choose.ts';
import { fixedPolicy } from './fixed.ts';
import { sequentialPolicy } from './sequential.ts';

const splat = aSplat();
const bad = { splats: [splat], findings: [aFinding(splat)], outcome: 'failed', blame: 'kernel' } as const;
const lost = { outcome: 'failed', blame: 'lab', reason: 'QEMU was killed' } as const;

const MOST = 12;

function aPlan(
  scenarios: readonly string[],
  part: Partial<PolicyChoice & { kind: 'sequential' }> = {},
): CampaignPlan {
  const plan = aCampaignPlan({ scenarios, patches: 1, arms: 'pair', repeat: MOST });
  return { ...plan, policy: { kind: 'sequential', detect: 0.65, budgetMs: null, ...part } };
}

async function run(
  plan: CampaignPlan,
  result: (spec: TrialSpec) => Partial<TrialResult>,
): Promise<{ readonly state: CampaignState; readonly asked: readonly string[] }> {
  const performer = aPerformer({ result });
  const state = await runFast(plan, performer, { policy: policyOf(plan) });
  return { state, asked: performer.asked.filter((one) => one.startsWith('trial')) };
}

/** Trials of a scenario on an arm that were run, without controls. */
const count = (state: CampaignState, scenario: string, arm = 'base') =>
  state.trials.filter((one) => one.scenario === scenario && one.arm === arm && !one.control).length;

t.test('a plan says by which policy it is run; one of an older run names none', async (t) => {
  t.equal(policyOf(aPlan(['s'])), sequentialPolicy);
  t.equal(policyOf({ ...aPlan(['s']), policy: { kind: 'fixed' } }), fixedPolicy);
  t.equal(policyOf({}), fixedPolicy);
});

t.test('a fault in every trial of the base and in none of the series takes few trials of each', async (t) => {
  const { state } = await run(aPlan(['s']), ({ arm }) => (arm === 'base' ? bad : {}));
  t.match(state.verdict, {
    comparison: 'fixed',
    scenarios: [{ signatures: [{ test: { method: 'e-process' } }] }],
  });
  t.ok(count(state, 's') >= 3 && count(state, 's') <= 4, `${count(state, 's')}`);
  t.equal(count(state, 's', 'patched'), count(state, 's'));
  t.ok(
    state.trials.every((trial) => trial.status === 'done'),
    'what was not needed is no part of the finished campaign',
  );
});

t.test(
  'a race takes more, and a scenario that shows nothing as many as the rate asked for needs',
  async (t) => {
    const { state } = await run(aPlan(['race', 'quiet'], { detect: 0.5 }), ({ scenario, arm, attempt }) =>
      scenario === 'race' && arm === 'patched' && attempt % 2 === 0 ? bad : {},
    );
    t.match(state.verdict, { scenarios: [{ comparison: 'regressed' }, { comparison: 'clean' }] });
    t.ok(count(state, 'race') > 5, `${count(state, 'race')}`);
    t.equal(count(state, 'quiet'), 5, 'ln 0.05 by ln 0.5');
  },
);

t.test('what is seen on both kernels is not fixed after one trial of each', async (t) => {
  const { state } = await run(aPlan(['s']), () => bad);
  t.equal(state.verdict?.comparison, 'notFixed');
  t.equal(count(state, 's'), 1);
});

t.test(
  'the planned number of trials ends an undecided scenario, and the verdict says how many more it needs',
  async (t) => {
    const { state } = await run(aPlan(['s']), ({ arm, attempt }) =>
      arm === 'base' && attempt === 1 ? bad : {},
    );
    t.equal(count(state, 's'), MOST);
    t.match(state.verdict, { comparison: 'inconclusive', exitCode: 69 });
    t.match(
      state.verdict?.reason,
      /base 1\/12, patched 0\/12 \(p = 1.000: about \d+ more on each kernel would decide\)/,
    );
  },
);

t.test('trials that the lab lost are made up for, and an arm without any is given up', async (t) => {
  const some = await run(aPlan(['s']), ({ arm, attempt }) =>
    attempt === 2 ? lost : arm === 'base' ? bad : {},
  );
  t.equal(some.state.verdict?.comparison, 'fixed');
  t.equal(count(some.state, 's'), 4);
  const all = await run(aPlan(['s']), ({ arm }) => (arm === 'patched' ? lost : {}));
  t.equal(all.state.verdict?.comparison, 'inconclusive');
  t.ok(count(all.state, 's') <= 4, `${count(all.state, 's')}`);
});

t.test('the time for trials ends a campaign between two of them', async (t) => {
  const at = (attempt: number) => new Date(Date.UTC(2026, 0, 1, 0, attempt)).toISOString();
  const { state } = await run(aPlan(['s'], { budgetMs: 120_000, detect: 0.1 }), ({ attempt }) => ({
    startedAt: at(attempt),
    durationMs: 60_000,
  }));
  t.ok(count(state, 's') >= 2 && count(state, 's') <= 4, `${count(state, 's')}`);
  t.equal(state.verdict?.comparison, 'clean');
});

t.test('a scenario that asks for trials itself gets them', async (t) => {
  const plan = aPlan(['s']);
  const scenarios = plan.scenarios.map((one) => ({ ...one, repeats: 6 }));
  const { state } = await run({ ...plan, scenarios }, () => bad);
  t.equal(count(state, 's'), 6);
});

t.test('every scenario is tried once before any is tried again', async (t) => {
  const { asked } = await run(aPlan(['a', 'b', 'c']), () => ({}));
  const attempts = asked.filter((one) => !one.endsWith('control')).map((one) => Number(one.at(-1)));
  t.ok(attempts.indexOf(2) >= 5, asked.join());
});

t.test('many differences need few attempts each, because each one is evidence for the others', async (t) => {
  const scenarios = Array.from({ length: 20 }, (_, index) => `s${index}`);
  const fixes = ({ arm }: TrialSpec) => (arm === 'base' ? bad : {});
  const { state } = await run(aPlan(scenarios), fixes);
  t.equal(state.verdict?.comparison, 'fixed');
  const most = Math.max(...scenarios.map((scenario) => count(state, scenario)));
  t.ok(most <= 4, `${most}`);
});

t.test('where time is limited, the scenario that needs the least of it has its answer first', async (t) => {
  const took = ({ scenario, arm }: TrialSpec) => ({
    ...(arm === 'base' ? bad : {}),
    durationMs: scenario === 'short' ? 1000 : 60_000,
  });
  const order = async (budgetMs: number | null) =>
    (await run(aPlan(['long', 'short'], { budgetMs }), took)).asked;
  const limited = await order(3_600_000);
  const at = (asked: readonly string[], trial: string) => asked.indexOf(`trial ${trial}`);
  t.ok(at(limited, 'short.base.3') < at(limited, 'long.base.2'), limited.join());
  const free = await order(null);
  t.ok(at(free, 'long.base.2') < at(free, 'short.base.3'), free.join());
});

/** Throws dice many times; returns the part of the campaigns that end with each verdict. */
function simulate(fault: SimulatedFault, trialsPerBoot: number): (word: string) => number {
  const random = randomOf(11);
  const policy = { kind: 'sequential', detect: 0.3, budgetMs: null } as const;
  const campaigns = 150;
  const counts = new Map<string, number>();
  for (let index = 0; index < campaigns; index += 1) {
    const { comparison } = concludeSimulation(
      simulateCampaign({ fault, policy, trials: 30, trialsPerBoot }, random),
    );
    counts.set(comparison, (counts.get(comparison) ?? 0) + 1);
  }
  return (word) => (counts.get(word) ?? 0) / campaigns;
}

t.test(
  'looking at the numbers while they come does not make them wrong more often than promised',
  async (t) => {
    // Without correction, a look after each of 30 pairs would call every fourth of these fixed.
    for (const rate of [0.3, 0.5]) {
      const same = simulate({ base: rate, patched: rate }, 1);
      t.ok(
        same('fixed') <= 0.05 && same('regressed') <= 0.05,
        `${rate}: ${same('fixed')}, ${same('regressed')}`,
      );
      const cloned = simulate({ base: rate, patched: rate }, 5);
      t.ok(cloned('fixed') <= 0.05 && cloned('regressed') <= 0.05, 'nor do clones that all do the same');
    }
    t.ok(simulate({ base: 1, patched: 0 }, 1)('fixed') > 0.99, 'and what is certain is found');
  },
);

t.test(
  'between the ends each arm gets one trial, and the one next to the turn as many as name the patch',
  async (t) => {
    const plan = aCampaignPlan({ scenarios: ['s', 'quiet'], patches: 4, arms: 'per-patch', repeat: MOST });
    const run = async (shows: (spec: TrialSpec) => boolean) => {
      const performer = aPerformer({ result: (spec) => (shows(spec) ? bad : {}) });
      const policy: PolicyChoice = { kind: 'sequential', detect: 0.65, budgetMs: null };
      return runFast({ ...plan, policy }, performer, { policy: sequentialPolicy });
    };
    const arms = plan.arms.map((arm) => arm.name);
    const counts = (state: CampaignState, scenario: string) => arms.map((arm) => count(state, scenario, arm));

    const fixed = await run(({ scenario, arm }) => scenario === 's' && arms.indexOf(arm) < 2);
    t.match(fixed.verdict, { comparison: 'fixed', perPatch: { rows: [{ fixedBy: 2 }, {}] } });
    t.strictSame(counts(fixed, 's').slice(1, -1), [1, 2, 1]);
    t.strictSame(counts(fixed, 'quiet').slice(1, -1), [1, 1, 1]);
    t.match(fixed.verdict?.perPatch?.rows[0]?.counts?.slice(1, 4), [
      { seen: 1, trials: 1 },
      { seen: 0, trials: 2 },
      { seen: 0, trials: 1 },
    ]);

    // The fault shows in two of three trials, and not in the first one of the arm before the fix.
    const often = await run(
      ({ scenario, arm, attempt }) =>
        scenario === 's' && arms.indexOf(arm) < 3 && (attempt + arms.indexOf(arm)) % 3 !== 0,
    );
    t.match(often.verdict, { comparison: 'fixed', perPatch: { rows: [{ fixedBy: 3 }, {}] } });
    t.ok(count(often, 's', arms[3]) >= 3, `${count(often, 's', arms[3])}`);

    const performer = aPerformer({
      result: ({ arm }) => (arm === arms[2] ? { outcome: 'skipped', reason: 'no such module' } : {}),
    });
    const policy: PolicyChoice = { kind: 'sequential', detect: 0.65, budgetMs: null };
    const skipped = await runFast({ ...plan, policy }, performer, { policy: sequentialPolicy });
    t.equal(count(skipped, 's', arms[2]), 1, 'what an arm lacks it lacks the next time');

    const broken = await run(({ scenario, arm }) => scenario === 's' && arms.indexOf(arm) >= 3);
    t.match(broken.verdict, { comparison: 'regressed', perPatch: { rows: [{ brokenBy: 3 }, {}] } });
    t.strictSame(counts(broken, 's').slice(1, -1), [1, 2, 1]);
  },
);

t.test(
  'machines that run beside each other do not try an arm twice before all were tried once',
  async (t) => {
    const plan = aCampaignPlan({ scenarios: ['s'], patches: 8, arms: 'per-patch', repeat: MOST });
    const arms = plan.arms.map((arm) => arm.name);
    const policy: PolicyChoice = { kind: 'sequential', detect: 0.65, budgetMs: null };
    const result = ({ arm }: TrialSpec) => (arms.indexOf(arm) < 6 ? bad : {});
    const capacity = { jobs: 4, l2Jobs: 4, memoryMib: 100_000 };
    const options = { policy: sequentialPolicy, capacity };
    const state = await runFast({ ...plan, policy }, aPerformer({ result }), options);
    t.match(state.verdict, { perPatch: { rows: [{ fixedBy: 6 }] } });
    const counts = arms.slice(1, -1).map((arm) => count(state, 's', arm));
    t.strictSame(counts, [1, 1, 1, 1, 1, 2, 1]);
  },
);

t.test('a rare second fault of the base does not keep a campaign going', async (t) => {
  const rare = aSplat({ title: 'WARNING in rare', signature: '3:WARNING:rare' });
  const { state } = await run(aPlan(['s']), ({ arm, attempt }) => {
    if (arm !== 'base') return {};
    const splats = attempt === 2 ? [splat, rare] : [splat];
    return { ...bad, splats, findings: splats.map((one) => aFinding(one)) };
  });
  t.match(state.verdict, { comparison: 'fixed', exitCode: 0 });
  t.ok(count(state, 's') <= 6, `${count(state, 's')}`);
});
