// SPDX-License-Identifier: MIT
import t from 'tap';
import type { MachineOrigin } from '../model/index.ts';
import { aSplat, aTrial } from '../testing/index.ts';
import { compareClones } from './clones.ts';

const clone: MachineOrigin = { kind: 'clone', template: 'k', qmpMs: 70, memoryMib: 90, replaced: null };
const cold: MachineOrigin = { kind: 'cold', template: null, qmpMs: null, memoryMib: null, replaced: null };
const bad = { splats: [aSplat()] };

t.test('a control that came to what a clone came to agrees', async (t) => {
  const trials = [aTrial('a.base.1', { origin: clone }), aTrial('a.base.2', { origin: clone, ...bad })];
  for (const part of [{}, bad])
    t.strictSame(compareClones(trials, [aTrial('a.base.1', { origin: cold, ...part })]), {
      clones: 2,
      replaced: [],
      compared: 1,
      disagreements: [],
    });
});

t.test('a control that no clone came to is told, with both ends', async (t) => {
  const control = aTrial('a.base.1', { id: 'a.base.1.control', origin: cold, ...bad });
  const { compared, disagreements } = compareClones([aTrial('a.base.1', { origin: clone })], [control]);
  t.equal(compared, 1);
  t.match(disagreements, [
    { control: 'a.base.1.control', reason: /^booted: failed \(kernel\), .*; in a clone: passed$/ },
  ]);
});

t.test('only clones of the same scenario and arm that ran are compared with', async (t) => {
  const others = [
    aTrial('a.patched.1', { origin: clone }),
    aTrial('b.base.1', { origin: clone }),
    aTrial('a.base.1', { origin: { ...cold, replaced: 'it was gone' } }),
    aTrial('a.base.2', { origin: clone, outcome: 'notRun' }),
  ];
  const summary = compareClones(others, [aTrial('a.base.1', { origin: cold, ...bad })]);
  t.strictSame([summary.compared, summary.disagreements], [0, []]);
  t.strictSame(summary.replaced, [{ trial: 'a.base.1', reason: 'it was gone' }]);
});
