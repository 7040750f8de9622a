// SPDX-License-Identifier: MIT
import t from 'tap';
import type { ArmBuild, Finding, TrialResult } from '../model/index.ts';
import { aTrial } from '../testing/index.ts';
import { gridPatches } from './index.ts';

const COUNT = 4;
const arms = ['base', '1', '1..2', '1..3', '1..4'];

function aBuild(patches: number, part: Partial<ArmBuild> = {}): ArmBuild {
  return {
    arm: arms[patches] ?? '',
    patches,
    subject: `patch ${patches}`,
    built: true,
    cached: false,
    durationMs: 1,
    newDiagnostics: [],
    sameBoot: false,
    ...part,
  };
}

const builds = arms.map((_, patches) => aBuild(patches));

function aFinding(signature: string): Finding {
  return { kind: 'splat', signature, title: `WARNING in ${signature}`, step: null, details: [], splat: null };
}

/** A trial of each arm: what it found; null for a trial that the lab lost. */
function runGrid(found: readonly (readonly string[] | null)[], kernels: readonly ArmBuild[] = builds) {
  const trials = found.map((signatures, index): TrialResult => {
    const base = aTrial(`s.${index}.1`);
    const arm = arms[index] ?? '';
    if (signatures === null) return { ...base, scenario: 's', arm, outcome: 'failed', blame: 'lab' };
    return {
      ...base,
      scenario: 's',
      arm,
      findings: signatures.map(aFinding),
      outcome: signatures.length > 0 ? 'failed' : 'passed',
      blame: signatures.length > 0 ? 'kernel' : null,
    };
  });
  const perPatch = gridPatches(['s'], kernels, trials);
  const row = perPatch.rows[0];
  if (!row) throw new Error('no row');
  return { ...row, flaws: perPatch.notBisectableAt };
}

const cases: readonly {
  readonly name: string;
  readonly found: readonly (readonly string[] | null)[];
  readonly reason: string;
  readonly fixedBy?: number;
  readonly brokenBy?: number;
  readonly flaws?: readonly number[];
}[] = [
  { name: 'nothing anywhere', found: [[], [], [], [], []], reason: 'clean on every arm' },
  {
    name: 'a fault that is fixed',
    found: [['f'], ['f'], ['f'], [], []],
    reason: `fixed by 3/${COUNT}`,
    fixedBy: 3,
  },
  {
    name: 'a fault that has another face on the way',
    found: [['f'], ['g'], ['f'], [], []],
    reason: `fixed by 3/${COUNT}`,
    fixedBy: 3,
  },
  {
    name: 'a fault that is added',
    found: [[], [], [], [], ['g']],
    reason: `broken by 4/${COUNT}: WARNING in g`,
    brokenBy: 4,
  },
  {
    name: 'one is fixed and another is added',
    found: [['f'], ['f'], [], [], ['g']],
    reason: `fixed by 2/${COUNT}; broken by 4/${COUNT}: WARNING in g`,
    fixedBy: 2,
    brokenBy: 4,
  },
  { name: 'a fault that stays', found: [['f'], ['f'], [], ['f'], ['f']], reason: 'not fixed' },
  {
    name: 'a fault that comes back for one patch',
    found: [['f'], [], ['f'], [], []],
    reason: `fixed by 3/${COUNT}`,
    fixedBy: 3,
  },
  {
    name: 'a fault between two good ends',
    found: [[], [], ['h'], [], []],
    reason: `a fault that neither end has at 2/${COUNT}: WARNING in h`,
    flaws: [2],
  },
  {
    name: 'the lab lost the arms around the fix',
    found: [['f'], ['f'], null, null, []],
    reason: `fixed by one of 2 to 4/${COUNT}`,
    fixedBy: 4,
  },
  {
    name: 'the lab lost the arm before a fault is added',
    found: [[], [], null, ['g'], ['g']],
    reason: `broken by one of 2 to 3/${COUNT}: WARNING in g`,
    brokenBy: 3,
  },
  {
    name: 'the lab lost the first patch, and the second is good',
    found: [['f'], null, [], [], []],
    reason: `fixed by one of 1 to 2/${COUNT}`,
    fixedBy: 2,
  },
  {
    name: 'one of two faults stays',
    found: [['f', 'g'], ['f', 'g'], ['f'], ['f'], ['f']],
    reason: 'not fixed',
  },
  {
    name: 'a fault stays and another is added',
    found: [['f'], ['f'], ['f', 'g'], ['f', 'g'], ['f', 'g']],
    reason: `not fixed; broken by 2/${COUNT}: WARNING in g`,
    brokenBy: 2,
  },
  {
    name: 'a fault that is fixed only after another was added',
    found: [['f'], ['f', 'g'], ['g'], ['g'], ['g']],
    reason: `fixed by 2/${COUNT}; broken by 1/${COUNT}: WARNING in g`,
    fixedBy: 2,
    brokenBy: 1,
  },
  {
    name: 'a fault that comes and goes before it stays',
    found: [[], ['g'], [], ['g'], ['g']],
    reason: `broken by 3/${COUNT}: WARNING in g`,
    brokenBy: 3,
  },
  {
    name: 'faults at two patches between two good ends',
    found: [[], ['h'], [], ['k'], []],
    reason: `a fault that neither end has at 1/${COUNT}, 3/${COUNT}: WARNING in h`,
    flaws: [1, 3],
  },
  {
    name: 'a fault of one patch beside one that stays',
    found: [[], ['g'], ['g', 'h'], ['g'], ['g']],
    reason: `broken by 1/${COUNT}: WARNING in g; a fault that neither end has at 2/${COUNT}: WARNING in h`,
    brokenBy: 1,
    flaws: [2],
  },
  {
    name: 'a fault between two ends of which the last was lost',
    found: [[], ['h'], [], [], null],
    reason: 'undecided: the whole series could not be judged',
  },
  {
    name: 'the base was lost by the lab',
    found: [null, [], [], [], []],
    reason: 'undecided: the base could not be judged',
  },
  {
    name: 'the whole series was lost by the lab',
    found: [['f'], [], [], [], null],
    reason: 'undecided: the whole series could not be judged',
  },
];

for (const one of cases)
  t.test(`along the series: ${one.name}`, async (t) => {
    const row = runGrid(one.found);
    t.equal(row.reason, one.reason);
    t.equal(row.fixedBy, one.fixedBy ?? null);
    t.equal(row.brokenBy, one.brokenBy ?? null);
    t.strictSame(row.flaws, one.flaws ?? []);
  });

t.test('a prefix that does not compile is not bisectable, and decides nothing else', async (t) => {
  const kernels = builds.map((build) => (build.patches === 2 ? aBuild(2, { built: false }) : build));
  const row = runGrid([['f'], ['f'], [], [], []], kernels);
  t.strictSame(row.flaws, [2]);
  t.strictSame(row.states, ['bad', 'bad', 'notBuilt', 'good', 'good']);
  t.equal(row.reason, `fixed by one of 2 to 3/${COUNT}`);
});

t.test('a prefix that does not boot is not bisectable', async (t) => {
  const trials = arms.map((arm, index): TrialResult => {
    const good = { ...aTrial(`s.${index}.1`), scenario: 's', arm };
    if (index !== 3) return good;
    return { ...good, bootMs: null, outcome: 'failed', blame: 'kernel', findings: [aFinding('death:boot')] };
  });
  const grid = gridPatches(['s'], builds, trials);
  t.strictSame(grid.notBisectableAt, [3]);
  t.strictSame(grid.boots, [true, true, true, false, true]);
  t.strictSame(grid.arms, arms);
});

t.test('a prefix that does not boot is not bisectable where the base has a fault as well', async (t) => {
  const bad = { outcome: 'failed', blame: 'kernel' } as const;
  const trials = [
    aTrial('s.base.1', { ...bad, findings: [aFinding('f')] }),
    aTrial('s.1.1', { ...bad, bootMs: null, findings: [aFinding('death:boot')] }),
    aTrial('s.1..2.1', { id: 's.1..2.1', arm: '1..2' }),
  ];
  const grid = gridPatches(['s'], builds.slice(0, 3), trials);
  t.strictSame(grid.notBisectableAt, [1]);
  t.equal(grid.rows[0]?.reason, 'fixed by 2/2');
});

t.test('what is wrong at two places is listed once, in the order of the series', async (t) => {
  const kernels = builds.map((build) => (build.patches === 3 ? aBuild(3, { built: false }) : build));
  const row = runGrid([[], ['h'], [], ['h'], []], kernels);
  t.strictSame(row.flaws, [1, 3]);
  t.strictSame(row.states, ['good', 'bad', 'good', 'notBuilt', 'good']);
});

t.test('a base that does not compile or boot is not the fault of a patch', async (t) => {
  const kernels = builds.map((build) => (build.patches === 0 ? aBuild(0, { built: false }) : build));
  t.strictSame(runGrid([[], [], [], [], []], kernels).flaws, []);
});

t.test('whether an arm boots is known only from trials that say something about its kernel', async (t) => {
  const trials = [
    aTrial('s.base.1', { bootMs: null, outcome: 'failed', blame: 'lab' }),
    aTrial('s.1.1', { bootMs: null, outcome: 'failed', blame: 'kernel' }),
    aTrial('s.1.2', { bootMs: 4000 }),
  ];
  t.strictSame(gridPatches(['s'], builds.slice(0, 2), trials).boots, [null, true]);
});

t.test(
  'an arm without trials, or with none that began, was not run; one that was lost is undecided',
  async (t) => {
    const two = builds.slice(0, 2);
    const statesOf = (...trials: TrialResult[]) => gridPatches(['s'], two, trials).rows[0]?.states;
    const notRun = aTrial('s.1.1', { outcome: 'notRun', blame: null });
    const lost = aTrial('s.1.2', { outcome: 'failed', blame: 'lab' });
    t.strictSame(statesOf(aTrial('s.base.1')), ['good', 'notRun']);
    t.strictSame(statesOf(aTrial('s.base.1'), notRun), ['good', 'notRun']);
    t.strictSame(statesOf(aTrial('s.base.1'), notRun, lost), ['good', 'undecided']);
  },
);

t.test('each scenario has its own row, and controls are not counted', async (t) => {
  const control = aTrial('a.base.1', {
    control: true,
    outcome: 'failed',
    blame: 'kernel',
    findings: [aFinding('f')],
  });
  const trials = [
    aTrial('a.base.1'),
    aTrial('a.1.1'),
    control,
    aTrial('b.base.1'),
    aTrial('b.1.1', {
      outcome: 'failed',
      blame: 'kernel',
      findings: [aFinding('g')],
    }),
  ];
  t.match(gridPatches(['a', 'b'], builds.slice(0, 2), trials).rows, [
    { scenario: 'a', states: ['good', 'good'], brokenBy: null },
    { scenario: 'b', states: ['good', 'bad'], brokenBy: 1, reason: 'broken by 1/1: WARNING in g' },
  ]);
});

t.test('trials that boot nothing do not say whether an arm boots', async (t) => {
  const trials = arms.map((arm, index): TrialResult => {
    const found = index < 3 ? [aFinding('x')] : [];
    const outcome = found.length > 0 ? ({ outcome: 'failed', blame: 'kernel' } as const) : {};
    return {
      ...aTrial(`s.${index}.1`),
      scenario: 's',
      arm,
      static: true,
      bootMs: null,
      bootMethod: null,
      findings: found,
      ...outcome,
    };
  });
  const grid = gridPatches(['s'], builds, trials);
  t.strictSame(grid.boots, [null, null, null, null, null]);
  t.strictSame(grid.notBisectableAt, []);
  t.match(grid.rows[0], { states: ['bad', 'bad', 'bad', 'good', 'good'], fixedBy: 3 });
});
