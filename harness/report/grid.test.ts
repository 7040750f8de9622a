// SPDX-License-Identifier: MIT
import t from 'tap';
import type { ArmBuild, PerPatchGrid } from '../model/index.ts';
import { printPerPatchGrid } from './index.ts';

function aBuild(patches: number, part: Partial<ArmBuild> = {}): ArmBuild {
  return {
    arm: patches === 0 ? 'base' : `1..${patches}`,
    patches,
    subject: patches === 0 ? null : `vfio: change ${patches}`,
    built: true,
    cached: false,
    durationMs: 8400,
    newDiagnostics: [],
    sameBoot: patches > 0,
    ...part,
  };
}

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

t.test('a per-patch run is drawn as scenarios by patches, with a reason a line', async (t) => {
  const builds = [
    aBuild(0),
    aBuild(1, { cached: true }),
    aBuild(2, {
      built: false,
      newDiagnostics: [{ ...warning, severity: 'error', message: 'no such field' }],
    }),
    aBuild(3, { newDiagnostics: [warning] }),
  ];
  t.strictSame(printPerPatchGrid(perPatch, builds, { color: false }).split('\n'), [
    '  1/3  vfio: change 1 (cached, only modules differ)',
    '  2/3  vfio: change 2 (does not compile: no such field)',
    '  3/3  vfio: change 3 (built in 8.4 s, only modules differ, 1 new warning)',
    '',
    'scenario       base  1  2  3',
    'builds            .  .  X  .',
    'boots             .  ?  -  .',
    'remove-in-use     X  X  -  .  fixed by one of 2 to 3/3',
    'races             .  ?  -  X  broken by 3/3: WARNING in f?[2J',
    '',
    '. as expected   X fault   ? undecided   - not built',
    'not bisectable at 2/3',
  ]);
});
