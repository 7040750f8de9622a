// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import t from 'tap';
import { availableMemoryMib } from '../host/index.ts';
import type { PlannedScenario, PlannedTrial } from '../model/index.ts';
import { aCampaignPlan } from '../testing/fast-campaign.ts';
import { aState } from '../testing/index.ts';
import { chooseNext, estimateRemainingMs, measureCapacity, needsOf, orderTrials } from './schedule.ts';

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

const needs = (memoryMib: number) => ({ memoryMib });

t.test('a trial starts only where cores and memory are left', async (t) => {
  const capacity = { jobs: 2, l2Jobs: 2, memoryMib: 1000 };
  t.equal(chooseNext([600], [], capacity, needs), 600);
  t.equal(chooseNext([600], [needs(600)], capacity, needs), null, 'no memory');
  t.equal(chooseNext([600, 300], [needs(600)], capacity, needs), 300, 'a smaller one passes');
  t.equal(chooseNext([1], [needs(1), needs(1)], capacity, needs), null, 'no core');
  t.equal(chooseNext([5000], [], capacity, needs), 5000, 'alone it may try');
});

t.test('machines that run VMs have a limit of their own, and others pass them', async (t) => {
  const vm = { ...needs(1), l2: true as const };
  const needsOf = (name: string) => (name === 'vm' ? vm : needs(1));
  const capacity = { jobs: 4, l2Jobs: 2, memoryMib: 1000 };
  t.equal(chooseNext(['vm'], [vm, needs(1)], capacity, needsOf), 'vm');
  t.equal(chooseNext(['vm'], [vm, vm], capacity, needsOf), null);
  t.equal(chooseNext(['vm', 'plain'], [vm, vm], capacity, needsOf), 'plain');
  t.equal(chooseNext(['plain'], [vm, vm, needs(1), needs(1)], capacity, needsOf), null);
});

t.test('one machine at a time has a device of this computer, and others pass it', async (t) => {
  const holding = { ...needs(1), device: true as const };
  const needsOf = (name: string) => (name === 'card' ? holding : needs(1));
  const capacity = { jobs: 4, l2Jobs: 4, memoryMib: 1000 };
  t.equal(chooseNext(['card'], [needs(1)], capacity, needsOf), 'card');
  t.equal(chooseNext(['card'], [holding], capacity, needsOf), null);
  t.equal(chooseNext(['card', 'plain'], [holding], capacity, needsOf), 'plain');
});

t.test(
  'equal scenarios keep the order of the plan, and a group is as long as its longest trial',
  async (t) => {
    const trials = [aTrial('a', 'base'), aTrial('b', 'base'), aTrial('b', 'patched'), aTrial('c', 'base')];
    t.strictSame(names(orderTrials(trials, () => 5)), names(trials));
    const long = (trial: PlannedTrial) => (trial.id === 'b.base.1' ? 100 : 10);
    t.strictSame(names(orderTrials(trials, long)), ['b.base.1', 'b.patched.1', 'a.base.1', 'c.base.1']);
    const unsorted = [aTrial('a', 'base', 2), aTrial('a', 'base', 1)];
    t.strictSame(names(orderTrials(unsorted, () => 5)), ['a.base.1', 'a.base.2']);
  },
);

t.test('waiting trials take the machine that is free first', async (t) => {
  t.equal(estimateRemainingMs([10, 2], [5, 1], 2), 10);
  t.equal(estimateRemainingMs([10, 9], [], 1), 10, 'more run than there are slots now');
  t.equal(estimateRemainingMs([], [3, 4, 5], 2), 8);
});

t.test('memory that is just enough is enough', async (t) => {
  const capacity = { jobs: 3, l2Jobs: 3, memoryMib: 1000 };
  t.equal(chooseNext([400, 401], [needs(300), needs(300)], capacity, needs), 400);
  t.equal(chooseNext([401, 400], [needs(300), needs(300)], capacity, needs), 400);
  t.equal(chooseNext([], [], capacity, needs), null);
});

t.test(
  'a computer has two machines a core, or those that were asked for, and most of its memory',
  async (t) => {
    const { jobs, memoryMib } = await measureCapacity(null);
    t.equal(jobs, 2 * availableParallelism());
    t.equal((await measureCapacity(7)).jobs, 7);
    t.equal((await measureCapacity(7)).l2Jobs, availableParallelism(), 'machines that run VMs');
    t.ok(Number.isInteger(memoryMib));
    const part = memoryMib / (await availableMemoryMib());
    t.ok(part > 0.7 && part < 1, `${part} of the free memory`);
  },
);

t.test('a trial needs its guest’s memory, and QEMU’s', async (t) => {
  const plan = aCampaignPlan({ scenarios: ['s', 'big'], patches: 0, arms: 'pair', repeat: 1 });
  const scenarios = plan.scenarios.map((one, index) => ({
    ...one,
    machine: { ...one.machine, memoryMib: index === 0 ? 512 : 2048 },
  }));
  const card = { ...scenarios[0], name: 'card', needs: { modules: [], pci: '15b3:*' } } as PlannedScenario;
  const vm = {
    ...scenarios[0],
    name: 'vm',
    l2: { tiny: { kernel: 'l2-tiny', image: 'l2' } },
  } as PlannedScenario;
  const trials = [...plan.trials, aTrial('card', 'base'), aTrial('vm', 'base')];
  const state = aState([], null, { plan: { ...plan, scenarios: [...scenarios, card, vm], trials } });
  t.match(needsOf('card.base.1', state), { device: true });
  t.strictSame(needsOf('big.base.1', state), { memoryMib: 2748 });
  t.strictSame(needsOf('s.base.1', state), { memoryMib: 1212 });
  t.strictSame(needsOf('vm.base.1', state), { memoryMib: 1212, l2: true });
  t.strictSame(needsOf('absent', state), { memoryMib: 700 });
});
