// SPDX-License-Identifier: MIT
import t from 'tap';
import {
  COMPARISONS,
  type Comparison,
  comparisonWords,
  exitCodeOfComparison,
  isConclusive,
  isGood,
  type PerPatchGrid,
  type ScenarioVerdict,
} from '../model/index.ts';
import { worstOf } from './compare.ts';
import { concludeCampaign } from './index.ts';

const aScenario = (comparison: Comparison, scenario = `is ${comparison}`): ScenarioVerdict => ({
  scenario,
  comparison,
  reason: `why ${comparison}`,
  signatures: [],
});

const aGrid = (notBisectableAt: readonly number[]): PerPatchGrid => ({
  arms: ['base', '1', '1..2', '1..3'],
  boots: [true, true, true, true],
  rows: [],
  notBisectableAt,
});

t.test('each comparison has its rank and its exit code, and what is good exits with 0', async (t) => {
  t.strictSame(
    COMPARISONS.map((one) => [one, exitCodeOfComparison(one), isGood(one)]),
    [
      ['regressed', 1, false],
      ['notFixed', 1, false],
      ['faulty', 1, false],
      ['inconclusive', 69, false],
      ['notReproduced', 69, false],
      ['fixed', 0, true],
      ['clean', 0, true],
      ['skipped', 0, true],
    ],
  );
});

t.test('the worst of any two comparisons is the one that stands first, in any order', async (t) => {
  for (const [rank, worse] of COMPARISONS.entries())
    for (const better of COMPARISONS.slice(rank)) {
      t.equal(worstOf([worse, better]), worse);
      t.equal(worstOf([better, worse]), worse);
    }
  t.equal(worstOf([]), 'clean');
});

t.test('a campaign whose scenarios were all skipped says nothing about its series', async (t) => {
  t.match(concludeCampaign([aScenario('skipped'), aScenario('skipped', 'other')], 2), {
    comparison: 'inconclusive',
    exitCode: 69,
    reason: '2 skipped; nothing ran: why skipped',
  });
  t.match(concludeCampaign([aScenario('skipped'), aScenario('clean')], 2), {
    comparison: 'clean',
    exitCode: 0,
    reason: '1 clean on both, 1 skipped',
  });
});

t.test('a campaign ends with the exit code of its worst scenario', async (t) => {
  for (const [rank, worse] of COMPARISONS.entries())
    for (const better of COMPARISONS.slice(rank)) {
      if (worse === 'skipped') continue;
      const verdict = concludeCampaign([aScenario(better), aScenario(worse)], 2);
      t.equal(verdict.comparison, worse);
      t.equal(verdict.exitCode, exitCodeOfComparison(worse), `${worse} beside ${better}`);
    }
});

t.test('a campaign without a scenario decides nothing', async (t) => {
  t.match(concludeCampaign([], 2), {
    comparison: 'inconclusive',
    exitCode: 69,
    reason: 'no scenario was judged',
    perPatch: null,
  });
});

t.test('the reason counts the scenarios, the worst first, and explains the worst', async (t) => {
  const scenarios = [
    aScenario('clean', 'a'),
    aScenario('regressed', 'b'),
    aScenario('clean', 'c'),
    aScenario('regressed', 'd'),
  ];
  t.equal(concludeCampaign(scenarios, 2).reason, '2 regressed, 2 clean on both; b: why regressed');
  t.equal(concludeCampaign([aScenario('clean'), aScenario('fixed')], 2).reason, '1 fixed, 1 clean on both');
  t.equal(concludeCampaign([aScenario('clean')], 1).reason, '1 clean');
  t.equal(concludeCampaign([aScenario('faulty', 'a')], 1).reason, '1 fault seen; a: why faulty');
  t.strictSame(concludeCampaign(scenarios, 2).scenarios, scenarios);
});

t.test('a series that is not bisectable has regressed what works at both ends', async (t) => {
  for (const ends of ['clean', 'fixed'] as const)
    t.match(concludeCampaign([aScenario(ends)], 4, aGrid([1, 3])), {
      comparison: 'regressed',
      exitCode: 1,
      reason: /; not bisectable at 1\/3, 3\/3$/,
      perPatch: { notBisectableAt: [1, 3] },
    });
  t.match(concludeCampaign([aScenario('notFixed')], 4, aGrid([2])), { comparison: 'notFixed', exitCode: 1 });
  t.match(concludeCampaign([aScenario('inconclusive')], 4, aGrid([2])), {
    comparison: 'inconclusive',
    exitCode: 69,
  });
  t.equal(concludeCampaign([aScenario('fixed')], 4, aGrid([])).reason, '1 fixed');
});

t.test('a trial counts when it passed, or failed because of its kernel', async (t) => {
  const ends = [
    ['passed', null, true],
    ['failed', 'kernel', true],
    ['failed', 'lab', false],
    ['failed', 'scenario', false],
    ['failed', 'harness', false],
    ['notRun', null, false],
    ['skipped', null, false],
  ] as const;
  for (const [outcome, blame, conclusive] of ends)
    t.equal(isConclusive({ outcome, blame }), conclusive, `${outcome} ${blame}`);
});

t.test('with one arm the words do not say that anything was compared', async (t) => {
  t.equal(comparisonWords(1).clean, 'clean');
  t.equal(comparisonWords(2).clean, 'clean on both');
  t.equal(comparisonWords(1).faulty, 'fault seen');
});

t.test(
  'what the configuration does not compile is named in the verdict, and where that is all, it is no good one',
  async (t) => {
    const conclude = (comparison: Comparison, compiled: readonly string[], notCompiled: readonly string[]) =>
      concludeCampaign([aScenario(comparison)], 2, null, { compiled, notCompiled });
    t.match(conclude('clean', ['a.c'], []), { comparison: 'clean', reason: '1 clean on both', exitCode: 0 });
    t.match(conclude('fixed', ['a.c'], ['b.c', 'c.h']), {
      comparison: 'fixed',
      reason: '1 fixed; not on trial, as the configuration does not compile them: b.c, c.h',
      notCompiled: ['b.c', 'c.h'],
      exitCode: 0,
    });
    t.match(conclude('clean', [], ['a.c']), {
      comparison: 'inconclusive',
      reason: '1 clean on both; nothing of the series was on trial: its configuration does not compile a.c',
      notCompiled: ['a.c'],
      exitCode: 69,
    });
    t.match(
      conclude('fixed', ['a.h'], ['a.c']),
      { exitCode: 69 },
      'a header alone is not what the series is about',
    );
    t.match(conclude('clean', ['a.h'], ['b.h']), { exitCode: 0 }, 'of headers alone, one is enough');
    t.match(conclude('clean', [], ['a.h']), { exitCode: 69 });
    t.match(
      conclude('regressed', [], ['a.c']),
      { comparison: 'regressed', exitCode: 1 },
      'a worse verdict stays',
    );
    t.match(conclude('clean', [], []), { comparison: 'clean', exitCode: 0 }, 'documentation needs no build');
    t.match(
      conclude('clean', ['0.c'], ['1.c', '2.c', '3.c', '4.c', '5.c', '6.c', '7.c']).reason,
      /: 1\.c, 2\.c, 3\.c, 4\.c, 5\.c and 2 more$/,
    );
  },
);
