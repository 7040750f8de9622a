// SPDX-License-Identifier: MIT
import t from 'tap';
import { isMissingUserSpace } from './boot-panic.ts';

const TITLES = [
  'kernel panic: VFS: Unable to mount root fs on unknown-block(NUM,NUM)',
  'kernel panic: Requested init /nowhere failed (error -NUM).',
  'kernel panic: No working init found. Try passing init= option to kernel.',
  'kernel panic: No init found. Try passing init= option to kernel.',
  'kernel panic: Attempted to kill init!',
];

t.test('panics over a missing root or init are told from the kernel’s own', async (t) => {
  for (const title of TITLES) {
    t.equal(isMissingUserSpace(title), true, title);
    t.equal(isMissingUserSpace(`WARNING in x: ${title}`), false, 'the whole title counts');
  }
  for (const title of [
    'kernel panic: Fatal exception',
    'KASAN: use-after-free Read in init',
    'kernel panic: dumptest',
  ])
    t.equal(isMissingUserSpace(title), false, title);
});
