// SPDX-License-Identifier: MIT
import t from 'tap';
import { aScenario } from '../testing/fake-lab.ts';
import { l2Command } from './l2.ts';
import { listL2States } from './l2-states.ts';

const HEAD = 'l2:\n  tiny: {kernel: l2-tiny, image: l2}\n  other: {kernel: l2-tiny, image: l2}\n';

t.test(
  'VMs of the same memory size and ACPI setting share one saved state, nested steps included',
  async (t) => {
    const settled = aScenario(`${HEAD}setup:
  - startL2: {l2: tiny, name: a}
steps:
  - startL2: {l2: tiny, name: b}
  - loop:
      count: 2
      steps:
        - startL2: {l2: other, name: c, memoryMib: 64, acpi: true}
  - startL2: {l2: tiny, name: d, memoryMib: 32, append: panic=600}
  - startL2: {l2: tiny, name: e, memoryMib: 48, paused: true}
`);
    t.strictSame(listL2States(settled), [
      { l2: 'tiny', memoryMib: 96, acpi: false },
      { l2: 'other', memoryMib: 64, acpi: true },
    ]);
    t.strictSame(listL2States(aScenario('steps: [{run: "true"}]\n')), []);
  },
);

t.test('a VM with kernel arguments, or a paused one, has no -incoming option', async (t) => {
  const vm = { l2: 'tiny', job: 'vm', memoryMib: 64, devices: [], append: '', acpi: true, paused: false };
  t.match(l2Command(vm), /-incoming file:\/overlay\/l2\/tiny\/64-acpi\.state/);
  t.notMatch(l2Command({ ...vm, append: 'panic=600' }), /incoming|"\$@"/);
  t.notMatch(l2Command({ ...vm, paused: true }), /incoming|"\$@"/);
});
