// SPDX-License-Identifier: MIT
import t from 'tap';
import type { CampaignState } from '../model/index.ts';
import { aSignature, aSplat, aState, aTrial, aVerdict, SAMPLE_STATES } from '../testing/index.ts';
import { tableReport } from './table.ts';

const print = (state: CampaignState | undefined, columns = 100, verbose = false) =>
  tableReport(state ?? aState([], null), { runDirectory: '/runs/1', color: false, columns, verbose });

const clean = { scenario: 's', comparison: 'clean', reason: 'no complaint', signatures: [] } as const;

t.test('a trial that the lab lost is named even beside a clean verdict', async (t) => {
  const trials = [
    aTrial('s.base.1'),
    aTrial('s.base.2', { outcome: 'notRun', reason: 'the run was interrupted' }),
    aTrial('s.patched.1'),
    aTrial('s.patched.2'),
  ];
  const text = print(aState(trials, aVerdict([clean])));
  t.match(text, /passed 1\/2, not run 1\/2 {2}passed 2\/2/);
  t.match(text, /inconclusive: s\.base\.2 not run: the run was interrupted/);
});

t.test('a control counts in no line of its scenario', async (t) => {
  const trials = [
    aTrial('s.base.1'),
    aTrial('s.base.1.control', { control: true, outcome: 'failed', blame: 'kernel' }),
  ];
  t.match(print(aState(trials, aVerdict([clean]))), /^s +passed {2}clean$/m);
});

t.test('a scenario that the verdict leaves out is inconclusive', async (t) => {
  const text = print(aState([aTrial('s.base.1'), aTrial('other.base.1')], aVerdict([clean])));
  t.match(text, /^other +passed {2}inconclusive$/m);
});

t.test('one arm has one column', async (t) => {
  const text = print(aState([aTrial('s.base.1')], aVerdict([clean])));
  t.match(text, /^scenario {2}base {4}verdict$/m);
  t.match(text, /^s {9}passed {2}clean$/m);
});

t.test('long reasons are folded at the terminal’s width; a signature is left whole', async (t) => {
  const title = `${'several words '.repeat(12)}at the end`;
  const long = aSplat({ title, signature: `2:${'x'.repeat(120)}`, frames: [], traces: [] });
  const verdict = aVerdict(
    [{ scenario: 's', comparison: 'regressed', reason: title, signatures: [aSignature(long)] }],
    { comparison: 'regressed', reason: title },
  );
  for (const columns of [60, 100, 140]) {
    const lines = print(aState([aTrial('s.base.1'), aTrial('s.patched.1')], verdict), columns).split('\n');
    t.strictSame(
      lines.filter((line) => line.length > columns),
      columns < 140 ? [`    signature ${long.signature}`] : [],
    );
    t.ok(
      lines.some((line) => line.length > columns - 15 && line.startsWith('verdict')),
      'the width is used',
    );
  }
});

t.test('the same complaint is printed once and then named', async (t) => {
  const text = print(SAMPLE_STATES.concluded);
  t.equal(text.match(/^WARNING in sample_put$/gm)?.length, 1);
  t.match(
    text,
    /^again, from again\.patched\.1: WARNING in sample_put: see blocked, from blocked\.patched\.1 above$/m,
  );
});

t.test('all complaints of an inconclusive scenario are printed', async (t) => {
  const splat = aSplat({ title: 'WARNING in f' });
  const lost = aTrial('s.base.1', { outcome: 'failed', blame: 'lab', reason: 'QEMU was killed' });
  const patched = aTrial('s.patched.1', { splats: [splat] });
  const signatures = [aSignature(splat, { comparison: 'regressed', trials: [patched.id] })];
  const verdict = aVerdict([{ ...clean, comparison: 'inconclusive', signatures }]);
  t.match(print(aState([lost, patched], verdict)), /^s, from s\.patched\.1:\nWARNING in f$/m);
});

t.test('a terminal that says it has no columns gets a readable table', async (t) => {
  t.equal(print(SAMPLE_STATES.concluded, 0), print(SAMPLE_STATES.concluded, 40));
});

t.test('guesses of the unwinder are printed only when everything is asked for', async (t) => {
  t.notMatch(print(SAMPLE_STATES.concluded), /\? stale_word/);
  t.match(print(SAMPLE_STATES.concluded, 100, true), /\? stale_word/);
});

t.test('a campaign without a verdict never gets one from its trials', async (t) => {
  for (const name of ['unfinished', 'interrupted', 'fault', 'conflict', 'not-started'])
    t.notMatch(print(SAMPLE_STATES[name]), /^verdict|regressed|clean/m, name);
  t.match(print(SAMPLE_STATES.unfinished), /^not finished: 2 of 12 trials done, 1 running$/m);
});

t.test('a scenario that was skipped says once why', async (t) => {
  const reason = 'the kernel has no module vfio_mdev';
  const scenario = { scenario: 's', comparison: 'skipped', reason, signatures: [] } as const;
  const trials = ['s.base.1', 's.base.2'].map((id) =>
    aTrial(id, { outcome: 'skipped', blame: null, reason }),
  );
  const text = print(aState(trials, aVerdict([scenario])));
  t.match(text, /^s +skipped 2\/2 {2}skipped$/m);
  t.match(text, /^s: skipped: the kernel has no module vfio_mdev$/m);
  t.notMatch(text, /inconclusive: s/);
});
