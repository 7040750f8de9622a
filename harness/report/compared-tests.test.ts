// SPDX-License-Identifier: MIT
import t from 'tap';
import type { ScenarioVerdict, SubtestVerdict } from '../model/index.ts';
import { aState, aTrial, aVerdict } from '../testing/index.ts';
import { REPORTERS, showTrial } from './index.ts';

const TESTS: readonly SubtestVerdict[] = [
  { name: 'pond.write', change: 'newlyFailing', base: 'ok', patched: 'notOk', reason: 'exit=1' },
  { name: 'pond.deep', change: 'vanished', base: 'ok', patched: null, reason: null },
  {
    name: 'pond.\u001b[31mred',
    change: 'failingOnBoth',
    base: 'notOk',
    patched: 'timeout',
    reason: 'after 45 s',
  },
  { name: 'pond.frozen', change: 'newlyPassing', base: 'crashed', patched: 'ok', reason: null },
  { name: 'pond.ice', change: 'skipped', base: 'skip', patched: 'skip', reason: 'no water' },
  { name: 'pond.reed', change: 'new', base: null, patched: 'ok', reason: null },
  { name: 'pond.read', change: 'passing', base: 'ok', patched: 'ok', reason: null },
];

function aScenario(part: Partial<ScenarioVerdict> = {}): ScenarioVerdict {
  const counts = Object.fromEntries(TESTS.map(({ change }) => [change, 1]));
  return {
    scenario: 's',
    comparison: 'regressed',
    reason: 'pond.write failed: exit=1',
    signatures: [
      {
        signature: 'ktap:pond.write',
        title: 'pond.write failed: exit=1',
        kind: 'subtest',
        comparison: 'regressed',
        base: { seen: 0, trials: 1 },
        patched: { seen: 1, trials: 1 },
        trials: ['s.patched.1'],
      },
    ],
    subtests: { counts, tests: TESTS },
    ...part,
  };
}

const state = aState(
  [aTrial('s.base.1'), aTrial('s.patched.1')],
  aVerdict([aScenario()], { comparison: 'regressed', exitCode: 1 }),
);
const options = { runDirectory: '/runs/1', color: false, columns: 120, verbose: false };

t.test('the table names each test that did not simply pass, and counts all', async (t) => {
  const lines = REPORTERS.table(state, options).split('\n');
  for (const line of [
    '  newly failing: pond.write (base ok, patched not ok): exit=1',
    '  vanished: pond.deep (base ok, patched not run)',
    '  failing on both: pond.?[31mred (base not ok, patched timeout): after 45 s',
    '  newly passing: pond.frozen (base crashed, patched ok)',
    '  skipped: pond.ice (base skip, patched skip): no water',
    '  new: pond.reed (base not run, patched ok)',
    '  tests: 1 newly failing, 1 vanished, 1 failing on both, 1 newly passing, 1 skipped, 1 new, 1 passing',
  ])
    t.ok(lines.includes(line), line);
  t.notOk(
    lines.some((line) => line.includes('ktap:pond.write')),
    'a test is named once',
  );
});

t.test('the TAP has them in the block of their scenario', async (t) => {
  const text = REPORTERS.tap(state, options);
  t.match(text, /^ {2}testCounts: \{ newlyFailing: 1, vanished: 1, /m);
  t.match(
    text,
    /^ {2}tests:\n {4}- name: "pond\.write"\n {6}change: newlyFailing\n {6}base: ok\n {6}patched: notOk\n {6}reason: "exit=1"\n {4}- name: "pond\.deep"\n {6}change: vanished\n {6}base: ok\n {6}patched: null\n/m,
  );
  t.notMatch(text, '"pond.read"', 'one that passes is only counted');
  t.notMatch(text, 'signatures:');
});

t.test('JUnit has a case for each test, by its own name', async (t) => {
  const text = REPORTERS.junit(state, options);
  const cases = [
    ...text.matchAll(/classname="ktrial\.[^"]*\.s" name="([^"]*)" time="[^"]*"(?:\/>|>\s*<(\w+))/g),
  ];
  t.strictSame(
    cases.map(([, name, problem]) => [name, problem]),
    [
      ['pond.write', 'failure'],
      ['pond.deep', 'error'],
      ['pond.?[31mred', 'skipped'],
      ['pond.frozen', undefined],
      ['pond.ice', 'skipped'],
      ['pond.reed', undefined],
      ['pond.read', undefined],
    ],
  );
});

t.test('JSON has them in the verdict', async (t) => {
  const { verdict } = JSON.parse(REPORTERS.json(state, options)) as {
    readonly verdict: { readonly scenarios: readonly ScenarioVerdict[] };
  };
  t.strictSame(verdict.scenarios[0]?.subtests?.tests, TESTS);
});

t.test('of very many the table names the first, and says where the others are', async (t) => {
  const many = Array.from({ length: 80 }, (_, index) => ({ ...TESTS[0], name: `pond.t${index}` }));
  const scenario = aScenario({ subtests: { counts: { newlyFailing: 80 }, tests: many as SubtestVerdict[] } });
  const text = REPORTERS.table(
    aState([aTrial('s.base.1'), aTrial('s.patched.1')], aVerdict([scenario])),
    options,
  );
  t.match(text, 'newly failing: pond.t49 ');
  t.notMatch(text, 'newly failing: pond.t50 ');
  t.match(text, /^ {2}30 more: ktrial report -o json has them all$/m);
});

t.test('with one arm a test is failing or skipped, and nothing is said of a patched kernel', async (t) => {
  const tests: readonly SubtestVerdict[] = [
    { name: 'pond.write', change: 'failing', base: 'timeout', patched: null, reason: null },
  ];
  const scenario = aScenario({ comparison: 'faulty', subtests: { counts: { failing: 1 }, tests } });
  const text = REPORTERS.table(aState([aTrial('s.base.1')], aVerdict([scenario])), options);
  t.match(text, /^ {2}failing: pond\.write \(timeout\)$/m);
});

t.test('a trial is shown with the counts of its tests', async (t) => {
  const result = aTrial('s.base.1', {
    subtests: [
      { name: 'pond.write', outcome: 'notOk', reason: null, details: [] },
      { name: 'pond.read', outcome: 'ok', reason: null, details: [] },
    ],
  });
  const [trial] = aState([result], null).trials;
  t.match(trial && showTrial(trial, '/runs/1'), /^tests {5}2 tests: 1 not ok, 1 ok$/m);
});
