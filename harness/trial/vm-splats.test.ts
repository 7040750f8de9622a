// SPDX-License-Identifier: MIT
import t from 'tap';
import { stampLines, WARNING_LINES } from '../testing/index.ts';
import { describeVmSplats } from './vm-splats.ts';

const WARNED = stampLines(1, WARNING_LINES);

t.test('what the kernel of a VM inside the guest complains of is said, and of which VM', async (t) => {
  const [note, ...more] = describeVmSplats({
    evidence: { 'l2.console': WARNED, 'quiet.console': 'l2: up\n', 'race.txt': WARNED },
    vms: { 'l2.console': 'l2', 'quiet.console': 'quiet', 'lost.console': 'lost' },
  });
  t.match(
    note,
    /^the kernel of the VM l2 inside the guest complains, which is not the kernel under test: WARNING in /,
  );
  t.match(note, /\(l2\.console\)$/);
  t.strictSame(
    more,
    [],
    'a quiet one, one whose console was lost, and a file that is no console say nothing',
  );
});

t.test('a flood in a VM is one sentence', async (t) => {
  const text = Array.from(
    { length: 8 },
    (_, index) => `[    ${index + 1}.000000] WARNING: pond ${'abcdefgh'[index]} is dry`,
  );
  const [note] = describeVmSplats({ evidence: { c: `${text.join('\n')}\n` }, vms: { c: 'l2' } });
  t.match(note, / and 3 more \(c\)$/);
});
