// SPDX-License-Identifier: MIT
import t from 'tap';
import type { CampaignState } from '../../model/index.ts';
import { aCampaignPlan, runFast } from '../../testing/fast-campaign.ts';
import { aPerformer } from '../../testing/index.ts';
import { fixedPolicy } from './fixed.ts';

const finished = await runFast(
  aCampaignPlan({ scenarios: ['a', 'b'], patches: 1, arms: 'pair', repeat: 1, l2: ['tiny', 'other'] }),
  aPerformer(),
);
/** A state in which all is done but what the change takes away. */
const without = (change: Partial<CampaignState>): CampaignState => ({
  ...finished,
  end: null,
  verdict: null,
  ...change,
});
const planned = (state: CampaignState, ...ids: readonly string[]) =>
  state.trials.map((trial) =>
    ids.includes(trial.id) ? { ...trial, status: 'planned' as const, result: null } : trial,
  );

t.test('after the end nothing is done, and a rejected series stops everything', async (t) => {
  t.strictSame(fixedPolicy(finished), []);
  const rejection = { kind: 'doesNotCompile', diagnostics: [], logTail: [], applied: [] } as const;
  t.strictSame(fixedPolicy(without({ rejection, applied: null })), [{ type: 'stop', reason: 'rejected' }]);
});

t.test('the series is applied first, then each arm is built, in order', async (t) => {
  t.strictSame(fixedPolicy(without({ applied: null })), [{ type: 'apply' }]);
  const arms = finished.arms.map((arm) => ({ ...arm, status: 'planned' as const, kernel: null }));
  t.strictSame(fixedPolicy(without({ arms })), [{ type: 'buildArm', arm: 'base' }]);
  const building = arms.map((arm, index) => (index === 0 ? { ...arm, status: 'building' as const } : arm));
  t.strictSame(
    fixedPolicy(without({ arms: building })),
    [{ type: 'buildArm', arm: 'base' }],
    'one at a time',
  );
});

t.test('kernels for VMs inside the guest, then the image, and only what open trials need', async (t) => {
  const open = planned(finished, 'a.base.1');
  t.strictSame(fixedPolicy(without({ trials: open, l2: {}, image: null })), [
    { type: 'buildL2', name: 'tiny' },
  ]);
  const { other: _lost, ...l2 } = finished.l2;
  t.strictSame(fixedPolicy(without({ trials: open, l2 })), [{ type: 'buildL2', name: 'other' }]);
  t.strictSame(fixedPolicy(without({ trials: open, image: null })), [{ type: 'makeImage' }]);
  const plain = planned(finished, 'b.base.1');
  t.strictSame(fixedPolicy(without({ trials: plain, l2: {}, image: null })), [{ type: 'makeImage' }]);
  t.strictSame(fixedPolicy(without({ image: null, l2: {} })), [{ type: 'stop', reason: 'finished' }]);
});

t.test(
  'every open trial may run, in the order of the plan; those without a kernel are skipped',
  async (t) => {
    const trials = planned(finished, 'a.base.1', 'a.patched.1');
    t.strictSame(fixedPolicy(without({ trials })), [
      { type: 'runTrial', trial: 'a.base.1' },
      { type: 'runTrial', trial: 'a.patched.1' },
    ]);
    const arms = finished.arms.map((arm) =>
      arm.name === 'patched' ? { ...arm, status: 'failed' as const, kernel: null } : arm,
    );
    t.match(fixedPolicy(without({ trials, arms })), [
      { type: 'runTrial', trial: 'a.base.1' },
      { type: 'skipTrial', trial: 'a.patched.1', reason: 'the kernel of patched does not compile' },
    ]);
  },
);
