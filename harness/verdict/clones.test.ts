// SPDX-License-Identifier: MIT
import t from 'tap';
import type { BootMethod, TrialResult } from '../model/index.ts';
import { aSplat, aTrial } from '../testing/index.ts';
import { compareClones } from './clones.ts';

const clone: BootMethod = { kind: 'clone', template: 'k', qmpMs: 70, memoryMib: 90, fallbackReason: null };
const cold: BootMethod = { kind: 'cold', template: null, qmpMs: null, memoryMib: null, fallbackReason: null };
const bad = { splats: [aSplat()] };

const aClone = (id: string, part: Partial<TrialResult> = {}) => aTrial(id, { bootMethod: clone, ...part });
const aControl = (part: Partial<TrialResult> = {}) =>
  aTrial('a.base.1', { id: 'a.base.1.control', control: true, bootMethod: cold, ...part });

t.test('a control agrees with any clone that ended like it', async (t) => {
  const trials = [aClone('a.base.1'), aClone('a.base.2', bad)];
  for (const part of [{}, bad])
    t.strictSame(compareClones([...trials, aControl(part)]), {
      clones: 2,
      fellBack: [],
      compared: 1,
      disagreements: [],
    });
});

t.test('a control that no clone ended like is reported, with both ends', async (t) => {
  const one = compareClones([aClone('a.base.1'), aControl(bad)]);
  t.equal(one.compared, 1);
  t.strictSame(one.disagreements, [
    {
      control: 'a.base.1.control',
      reason: `cold boot: failed (kernel), ${aSplat().signature}; clone: passed`,
    },
  ]);
  const lab = { outcome: 'failed', blame: 'lab' } as const;
  const many = compareClones([
    aClone('a.base.1'),
    aClone('a.base.2', lab),
    aClone('a.base.3'),
    aControl(bad),
  ]);
  t.match(many.disagreements[0]?.reason, /; 3 clones: passed or failed \(lab\)$/);
});

t.test('signatures are compared as a set', async (t) => {
  const [f, g] = [aSplat({ signature: '2:f' }), aSplat({ signature: '2:g' })];
  const trials = [aClone('a.base.1', { splats: [f, g, f] }), aControl({ splats: [g, f] })];
  t.strictSame(compareClones(trials).disagreements, []);
  t.equal(
    compareClones([aClone('a.base.1', { splats: [f] }), aControl({ splats: [g, f] })]).disagreements.length,
    1,
  );
});

t.test(
  'a control is compared with clones of the same scenario and arm that ran, and with nothing else',
  async (t) => {
    const others = [
      aClone('a.patched.1'),
      aClone('b.base.1'),
      aTrial('a.base.1', { bootMethod: cold }),
      aTrial('a.base.3', { bootMethod: null }),
      aClone('a.base.2', { outcome: 'notRun' }),
    ];
    const { compared, disagreements } = compareClones([...others, aControl(bad)]);
    t.strictSame([compared, disagreements], [0, []]);
  },
);

t.test('a control that was not run is not compared', async (t) => {
  const { compared, disagreements } = compareClones([aClone('a.base.1'), aControl({ outcome: 'notRun' })]);
  t.strictSame([compared, disagreements], [0, []]);
});

t.test('trials that fell back to a cold boot are listed, and controls are no trials', async (t) => {
  const fell = { ...cold, fallbackReason: 'it was gone' };
  const control = aControl({ bootMethod: { ...clone, fallbackReason: 'never' } });
  const summary = compareClones([
    aTrial('a.base.1', { bootMethod: fell }),
    aTrial('a.base.2', { bootMethod: null }),
    aClone('a.base.3'),
    control,
  ]);
  t.strictSame(summary.fellBack, [{ trial: 'a.base.1', reason: 'it was gone' }]);
  t.equal(summary.clones, 1);
});
