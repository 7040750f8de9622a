// SPDX-License-Identifier: MIT
import t from 'tap';
import type { PlannedTrial } from '../model/index.ts';
import { chooseNext, estimateRemainingMs, orderTrials } from './schedule.ts';

function aTrial(scenario: string, arm: string, attempt = 1): PlannedTrial {
  return {
    id: `${scenario}.${arm}.${attempt}`,
    scenario,
    arm,
    attempt,
    seed: 1,
    boot: 'clone',
    control: false,
  };
}

const names = (trials: readonly PlannedTrial[]) => trials.map((trial) => trial.id);

t.test('the longest scenario starts first, its arms together, attempts one after the other', async (t) => {
  const trials = [1, 2].flatMap((attempt) =>
    ['quick', 'slow'].flatMap((scenario) => ['base', 'patched'].map((arm) => aTrial(scenario, arm, attempt))),
  );
  const order = orderTrials(trials, (trial) => (trial.scenario === 'slow' ? 9000 : 10));
  t.strictSame(names(order), [
    'slow.base.1',
    'slow.patched.1',
    'quick.base.1',
    'quick.patched.1',
    'slow.base.2',
    'slow.patched.2',
    'quick.base.2',
    'quick.patched.2',
  ]);
});

t.test('a scenario of which nothing is known counts as long', async (t) => {
  const trials = [aTrial('known', 'base'), aTrial('new', 'base')];
  t.strictSame(names(orderTrials(trials, (trial) => (trial.scenario === 'known' ? 500 : null))), [
    'new.base.1',
    'known.base.1',
  ]);
});

t.test('what remains is what the busiest machine has before it', async (t) => {
  t.equal(estimateRemainingMs([], [], 2), 0);
  t.equal(estimateRemainingMs([10], [], 2), 10);
  t.equal(estimateRemainingMs([10], [4, 4, 4], 2), 12);
  t.equal(estimateRemainingMs([100], [1, 1], 2), 100, 'a hung machine is one machine');
  t.equal(estimateRemainingMs([1], [null], 2), null, 'nothing is promised of what is not known');
});

t.test('a trial starts only where cores and memory are left', async (t) => {
  const needsOf = (memoryMib: number) => ({ memoryMib });
  const capacity = { jobs: 2, memoryMib: 1000 };
  t.equal(chooseNext([600], [], capacity, needsOf), 600);
  t.equal(chooseNext([600], [{ memoryMib: 600 }], capacity, needsOf), null, 'no memory');
  t.equal(chooseNext([600, 300], [{ memoryMib: 600 }], capacity, needsOf), 300, 'a smaller one passes');
  t.equal(chooseNext([1], [{ memoryMib: 1 }, { memoryMib: 1 }], capacity, needsOf), null, 'no core');
  t.equal(chooseNext([5000], [], capacity, needsOf), 5000, 'alone it may try');
});
