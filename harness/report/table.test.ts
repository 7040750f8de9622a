// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { aSignature, aSplat, aTrial, aVerdict, PROJECT_ROOT } from '../testing/index.ts';
import { verdictTable } from './index.ts';

const splat = aSplat();
const other = aSplat({ title: 'WARNING in sample_put' });
const trials = [
  aTrial('plain.base.1'),
  aTrial('plain.patched.1'),
  aTrial('removal.base.1', { splats: [splat] }),
  aTrial('removal.base.2'),
  aTrial('removal.patched.1'),
  aTrial('removal.patched.2'),
  aTrial('blocked.base.1'),
  aTrial('blocked.patched.1', { splats: [other] }),
  aTrial('lost.base.1'),
  aTrial('lost.patched.1', { outcome: 'failed', blame: 'lab', reason: 'QEMU was killed' }),
];
const verdict = aVerdict(
  [
    { scenario: 'plain', comparison: 'clean', reason: 'no complaint', signatures: [] },
    {
      scenario: 'removal',
      comparison: 'fixed',
      reason: splat.title,
      signatures: [
        aSignature(splat, {
          comparison: 'fixed',
          base: { seen: 1, trials: 2 },
          patched: { seen: 0, trials: 2 },
          trials: ['removal.base.1'],
        }),
      ],
    },
    {
      scenario: 'blocked',
      comparison: 'regressed',
      reason: other.title,
      signatures: [aSignature(other, { trials: ['blocked.patched.1'] })],
    },
    {
      scenario: 'lost',
      comparison: 'inconclusive',
      reason: 'lost.patched.1: lab: QEMU was killed',
      signatures: [],
    },
  ],
  { comparison: 'regressed', reason: '1 regressed, 1 inconclusive, 1 fixed, 1 clean', exitCode: 1 },
);

t.test('the table has a line a scenario, then reasons with counts, then the decisive traces', async (t) => {
  const golden = readFileSync(join(PROJECT_ROOT, 'harness/report/testdata/verdict.txt'), 'utf8');
  t.equal(`${verdictTable(verdict, trials, { color: false })}\n`, golden);
});

t.test('colour changes no character that is seen', async (t) => {
  const colored = verdictTable(verdict, trials, { color: true });
  t.match(colored, /\u001b\[/);
  t.equal(colored.replace(/\u001b\[[0-9;]*m/g, ''), verdictTable(verdict, trials, { color: false }));
});

t.test('a trial that the lab lost is named even beside a clean verdict', async (t) => {
  const text = verdictTable(
    aVerdict([{ scenario: 's', comparison: 'clean', reason: 'no complaint', signatures: [] }]),
    [
      aTrial('s.base.1'),
      aTrial('s.base.2', { outcome: 'notRun', reason: 'the run was interrupted' }),
      aTrial('s.patched.1'),
      aTrial('s.patched.2'),
    ],
    { color: false },
  );
  t.match(text, /passed 1\/2, not run 1\/2 {2}passed 2\/2/);
  t.match(text, /decided nothing: s\.base\.2 not run: the run was interrupted/);
});

t.test('one arm has one column', async (t) => {
  const text = verdictTable(
    aVerdict([{ scenario: 's', comparison: 'clean', reason: 'no complaint', signatures: [] }]),
    [aTrial('s.base.1')],
    { color: false },
  );
  t.match(text, /^scenario {2}base {4}verdict\n/);
  t.match(text, /^s {9}passed {2}clean$/m);
});

t.test('long reasons are folded at a hundred columns; a signature is left whole', async (t) => {
  const title = `${'several words '.repeat(12)}at the end`;
  const long = aSplat({ title, signature: `1:${'x'.repeat(120)}` });
  const text = verdictTable(
    aVerdict([{ scenario: 's', comparison: 'regressed', reason: title, signatures: [aSignature(long)] }], {
      comparison: 'regressed',
      reason: title,
    }),
    [aTrial('s.base.1'), aTrial('s.patched.1')],
    { color: false },
  );
  const wide = text.split('\n').filter((line) => line.length > 100);
  t.strictSame(wide, [`    signature ${long.signature}`]);
  t.match(text, /\nverdict {2}regressed: several words .*\n {13}\S.*\n {13}\S.* at the end$/);
});
