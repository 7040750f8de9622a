// SPDX-License-Identifier: MIT
import t from 'tap';
import type { PlannedTrial } from '../model/index.ts';
import { chooseControls } from './control.ts';

function clones(count: number, boot: PlannedTrial['boot'] = 'clone'): PlannedTrial[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `s${index}.base.1`,
    scenario: `s${index}`,
    arm: 'base',
    attempt: 1,
    seed: 7,
    boot,
    control: false,
  }));
}

t.test('one in twenty clones has a cold-booted control, and at least one', async (t) => {
  for (const [trials, controls] of [
    [0, 0],
    [1, 1],
    [20, 1],
    [21, 2],
    [1000, 50],
  ] as const)
    t.equal(chooseControls(clones(trials), 3, 20).length, controls, `${trials} clones`);
});

t.test('the choice follows from the seed, and no clone has two controls', async (t) => {
  const ids = (seed: number) => chooseControls(clones(100), seed, 20).map((one) => one.id);
  t.strictSame(ids(5), ids(5));
  t.not(ids(5)[0], ids(6)[0]);
  t.equal(new Set(ids(0xffffffff)).size, 5);
  t.equal(chooseControls(clones(100), 5, 1).length, 100, 'each clone, where that is asked for');
  t.strictSame(chooseControls(clones(100), 5, 0), [], 'and none where none is wanted');
});

t.test(
  'a control differs from its clone in name and boot only; where nothing is cloned there is none',
  async (t) => {
    const [control] = chooseControls(clones(1), 9, 20);
    t.strictSame(control, { ...clones(1)[0], id: 's0.base.1.control', boot: 'cold', control: true });
    t.strictSame(chooseControls(clones(40, 'cold'), 9, 20), []);
  },
);

t.test('controls are spread evenly, from the one that the seed picks', async (t) => {
  const places = (seed: number) => chooseControls(clones(10), seed, 4).map((one) => one.scenario);
  t.strictSame(places(0), ['s0', 's3', 's6']);
  t.strictSame(places(8), ['s8', 's1', 's4']);
});
