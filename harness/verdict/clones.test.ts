// SPDX-License-Identifier: MIT
import t from 'tap';
import type { BootMethod } from '../model/index.ts';
import { aSplat, aTrial } from '../testing/index.ts';
import { compareClones } from './clones.ts';

const clone: BootMethod = { kind: 'clone', template: 'k', qmpMs: 70, memoryMib: 90, fallbackReason: null };
const cold: BootMethod = { kind: 'cold', template: null, qmpMs: null, memoryMib: null, fallbackReason: null };
const bad = { splats: [aSplat()] };

t.test('a control that came to what a clone came to agrees', async (t) => {
  const trials = [
    aTrial('a.base.1', { bootMethod: clone }),
    aTrial('a.base.2', { bootMethod: clone, ...bad }),
  ];
  for (const part of [{}, bad])
    t.strictSame(compareClones(trials, [aTrial('a.base.1', { bootMethod: cold, ...part })]), {
      clones: 2,
      fellBack: [],
      compared: 1,
      disagreements: [],
    });
});

t.test('a control that no clone came to is told, with both ends', async (t) => {
  const control = aTrial('a.base.1', { id: 'a.base.1.control', bootMethod: cold, ...bad });
  const { compared, disagreements } = compareClones([aTrial('a.base.1', { bootMethod: clone })], [control]);
  t.equal(compared, 1);
  t.match(disagreements, [
    { control: 'a.base.1.control', reason: /^booted: failed \(kernel\), .*; in a clone: passed$/ },
  ]);
});

t.test('only clones of the same scenario and arm that ran are compared with', async (t) => {
  const others = [
    aTrial('a.patched.1', { bootMethod: clone }),
    aTrial('b.base.1', { bootMethod: clone }),
    aTrial('a.base.1', { bootMethod: { ...cold, fallbackReason: 'it was gone' } }),
    aTrial('a.base.2', { bootMethod: clone, outcome: 'notRun' }),
  ];
  const summary = compareClones(others, [aTrial('a.base.1', { bootMethod: cold, ...bad })]);
  t.strictSame([summary.compared, summary.disagreements], [0, []]);
  t.strictSame(summary.fellBack, [{ trial: 'a.base.1', reason: 'it was gone' }]);
});
