// SPDX-License-Identifier: MIT
import t from 'tap';
import type { PerPatchGrid } from '../model/index.ts';
import { anArm, aPlan, aSplat, aState, aTrial, aVerdict } from '../testing/index.ts';
import { gridLines } from './grid.ts';

const warning = {
  severity: 'warning',
  file: 'a.c',
  line: 3,
  column: 1,
  message: 'unused variable',
  option: '-Wunused-variable',
  patch: 3,
} as const;

const perPatch: PerPatchGrid = {
  arms: ['base', '1', '1..2', '1..3'],
  boots: [true, null, null, true],
  rows: [
    {
      scenario: 'remove-in-use',
      states: ['bad', 'bad', 'notBuilt', 'good'],
      fixedBy: 3,
      brokenBy: null,
      reason: 'fixed by one of 2 to 3/3',
    },
    {
      scenario: 'races',
      states: ['good', 'undecided', 'notBuilt', 'bad'],
      fixedBy: null,
      brokenBy: 3,
      reason: 'broken by 3/3: WARNING in f\u001b[2J',
    },
  ],
  notBisectableAt: [2],
};
const arms = [
  anArm('base', 0),
  anArm('1', 1, { cached: true }),
  anArm('1..2', 2, {
    built: false,
    newDiagnostics: [{ ...warning, severity: 'error', message: 'no such field' }],
  }),
  anArm('1..3', 3, { newDiagnostics: [warning] }),
];
const trials = [
  aTrial('remove-in-use.base.1', { splats: [aSplat()] }),
  aTrial('remove-in-use.1.1', { splats: [aSplat()] }),
  aTrial('remove-in-use.1..3.1', { scenario: 'remove-in-use', arm: '1..3', attempt: 1 }),
  aTrial('races.base.1'),
  aTrial('races.1.1', { outcome: 'failed', blame: 'lab' }),
  aTrial('races.1..3.1', { arm: '1..3', attempt: 1, splats: [aSplat({ title: 'WARNING in f' })] }),
];

/** The grid of these results, without colour. */
function draw(grid: PerPatchGrid, results = trials): readonly string[] {
  const plan = { ...aPlan(results), comparison: 'per-patch' as const };
  return gridLines(aState(results, aVerdict([], { perPatch: grid }), { plan, arms }), false);
}

t.test('a per-patch run is drawn as scenarios by patches, with a reason a line', async (t) => {
  t.strictSame(draw(perPatch), [
    '  1/3  sample: change 1 (cached, only modules differ)',
    '  2/3  sample: change 2 (does not compile: no such field)',
    '  3/3  sample: change 3 (built in 8.4 s, only modules differ, 1 new warning)',
    '',
    'scenario       base  1  2  3',
    'builds            .  .  N  .',
    'boots             .  ?  -  .',
    'remove-in-use     X  X  -  .  fixed by one of 2 to 3/3',
    'races             .  ?  -  N  broken by 3/3: WARNING in f?[2J',
    '',
    '. as expected   N new fault   X fault of the base   ? inconclusive   - not built',
    'not bisectable at 2/3',
  ]);
});

t.test(
  'a fault is new only where the base was judged in the same scenario and does not show it',
  async (t) => {
    const rowOf = (results: typeof trials) => draw(perPatch, results)[8];
    const lost = aTrial('races.base.1', { outcome: 'failed', blame: 'lab' });
    const last = trials.slice(-1);
    t.match(rowOf([aTrial('races.base.1'), ...last]), / N {2}broken/);
    t.match(rowOf([lost, ...last]), / X {2}broken/, 'nothing is known of the base');
    t.match(
      rowOf([aTrial('races.base.1', { splats: [aSplat({ title: 'WARNING in f' })] }), ...last]),
      / X {2}broken/,
    );
    const mixed = aTrial('races.1..3.1', {
      arm: '1..3',
      attempt: 1,
      splats: [aSplat({ title: 'WARNING in f' }), aSplat({ title: 'WARNING in g' })],
    });
    const base = aTrial('races.base.1', { splats: [aSplat({ title: 'WARNING in f' })] });
    t.match(rowOf([base, mixed]), / N {2}broken/, 'an old fault does not hide a new one');
  },
);

t.test('a kernel that does not boot has another sign where the base boots', async (t) => {
  t.match(draw({ ...perPatch, boots: [true, true, null, false] })[6], /^boots +\. {2}\. {2}- {2}N$/);
  t.match(draw({ ...perPatch, boots: [false, true, null, false] })[6], /^boots +X {2}\. {2}- {2}X$/);
});

t.test('a wide name keeps the columns in line', async (t) => {
  const rows = perPatch.rows.slice(0, 1).map((row) => ({ ...row, scenario: '取り外し' }));
  const lines = draw({ ...perPatch, rows });
  t.match(lines[7], /^取り外し {5}X/);
  t.match(lines[6], /^boots {8}\./);
});

t.test('a campaign that did not try every patch has no grid', async (t) => {
  t.strictSame(gridLines(aState([], aVerdict([])), false), []);
  t.strictSame(gridLines(aState([], null), false), []);
});
