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
function climb(found: readonly (readonly string[] | null)[], stairs: readonly ArmBuild[] = builds) {
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
  const perPatch = gridPatches(['s'], stairs, trials);
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
    name: 'a fault that dies',
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
    name: 'a fault that is born',
    found: [[], [], [], [], ['g']],
    reason: `broken by 4/${COUNT}: WARNING in g`,
    brokenBy: 4,
  },
  {
    name: 'one dies and another is born',
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
    name: 'the arms round the turn were lost by the lab',
    found: [['f'], ['f'], null, null, []],
    reason: `fixed by one of 2 to 4/${COUNT}`,
    fixedBy: 4,
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
    const row = climb(one.found);
    t.equal(row.reason, one.reason);
    t.equal(row.fixedBy, one.fixedBy ?? null);
    t.equal(row.brokenBy, one.brokenBy ?? null);
    t.strictSame(row.flaws, one.flaws ?? []);
  });

t.test('a prefix that does not compile is not bisectable, and decides nothing else', async (t) => {
  const stairs = builds.map((build) => (build.patches === 2 ? aBuild(2, { built: false }) : build));
  const row = climb([['f'], ['f'], [], [], []], stairs);
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
  t.strictSame(gridPatches(['s'], builds, trials).notBisectableAt, [3]);
});
