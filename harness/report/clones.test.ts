// SPDX-License-Identifier: MIT
import t from 'tap';
import { cloneLines } from './clones.ts';

const NONE = { clones: 0, fellBack: [], compared: 0, disagreements: [] };

t.test('the report says how many clones were compared with cold boots', async (t) => {
  t.strictSame(cloneLines({ ...NONE, clones: 40, compared: 2 }), [
    'clones  40; 2 compared with cold boots: all agree',
  ]);
  t.strictSame(cloneLines({ ...NONE, clones: 1 }), ['clones  1; none compared with a cold boot']);
});

t.test('a clone that was replaced and a control that disagrees are named', async (t) => {
  t.strictSame(
    cloneLines({
      clones: 19,
      fellBack: [{ trial: 'a.base.1', reason: 'its state could not be read' }],
      compared: 1,
      disagreements: [{ control: 'b.base.1.control', reason: 'booted: failed; in a clone: passed' }],
    }),
    [
      'clones  19, 1 replaced by cold boots; 1 compared with cold boots: 1 disagree',
      'clones  b.base.1.control disagrees: booted: failed; in a clone: passed',
      'clones  a.base.1 was booted: its state could not be read',
    ],
  );
});

t.test('where every machine was booted no line is printed', async (t) => {
  t.strictSame(cloneLines(NONE), []);
  t.strictSame(cloneLines(null), []);
});
