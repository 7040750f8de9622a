// SPDX-License-Identifier: MIT
import t from 'tap';
import { isFailure, type Subtest, type SubtestOutcome, type TrialResult } from '../model/index.ts';
import { aTrial, oftenTrial } from '../testing/index.ts';
import { compareScenario, judgeAlone } from './compare.ts';

/** A trial that ran suites: what each test came to, by name. */
function trial(arm: string, outcomes: Readonly<Record<string, SubtestOutcome>>, attempt = 1): TrialResult {
  const subtests = Object.entries(outcomes).map(
    ([name, outcome]): Subtest => ({ name, outcome, reason: null, details: [] }),
  );
  const findings = subtests
    .filter((one) => isFailure(one.outcome))
    .map(({ name }) => ({
      kind: 'subtest' as const,
      signature: `ktap:${name}`,
      title: `${name} failed`,
      step: 'KUnit',
      details: [],
      splat: null,
    }));
  return aTrial(`s.${arm}.${attempt}`, {
    subtests,
    findings,
    ...(findings.length > 0 ? { outcome: 'failed' as const, blame: 'kernel' as const } : {}),
  });
}

type Outcomes = Readonly<Record<string, SubtestOutcome>>;

/** Base, patched, the comparison, its reason, and each test with what became of it. */
const CASES: readonly (readonly [Outcomes, Outcomes, string, string, readonly string[]])[] = [
  [{ a: 'ok', b: 'ok' }, { a: 'ok', b: 'notOk' }, 'regressed', 'b failed', ['b newlyFailing', 'a passing']],
  [{ a: 'notOk' }, { a: 'ok' }, 'fixed', 'a failed', ['a newlyPassing']],
  [
    { a: 'notOk', b: 'ok' },
    { a: 'timeout', b: 'ok' },
    'clean',
    'no splat and every expectation met, on both kernels',
    ['a failingOnBoth', 'b passing'],
  ],
  [
    { a: 'ok', b: 'ok' },
    { a: 'ok' },
    'inconclusive',
    'ran on the base and not on the patched kernel: b',
    ['b vanished', 'a passing'],
  ],
  [
    { a: 'notOk', b: 'ok' },
    { b: 'ok' },
    'inconclusive',
    'ran on the base and not on the patched kernel: a',
    ['a vanished', 'b passing'],
  ],
  [
    { a: 'notOk', b: 'ok' },
    { a: 'skip', b: 'ok' },
    'inconclusive',
    'ran on the base and not on the patched kernel: a',
    ['a skipped', 'b passing'],
  ],
  [
    { a: 'ok', b: 'ok', c: 'ok' },
    { a: 'ok', b: 'crashed' },
    'regressed',
    'b failed',
    ['b newlyFailing', 'c vanished', 'a passing'],
  ],
  [
    { a: 'ok', b: 'skip' },
    { a: 'ok', b: 'skip', c: 'ok' },
    'clean',
    'no splat and every expectation met, on both kernels',
    ['b skipped', 'c new', 'a passing'],
  ],
  [{ a: 'ok' }, { a: 'ok', b: 'notOk' }, 'regressed', 'b failed', ['b newlyFailing', 'a passing']],
  [
    { a: 'notOk' },
    { a: 'crashed' },
    'inconclusive',
    'no test passed on either kernel: a failed',
    ['a failingOnBoth'],
  ],
  [{ a: 'skip' }, { b: 'ok' }, 'clean', 'no splat and every expectation met, on both kernels', ['b new']],
  [{ a: 'skip' }, { a: 'skip' }, 'inconclusive', 'no test ran: a was skipped', ['a skipped']],
  [
    { a: 'xfail' },
    { a: 'ok' },
    'clean',
    'no splat and every expectation met, on both kernels',
    ['a passing'],
  ],
];

for (const [base, patched, comparison, reason, tests] of CASES)
  t.test(`${JSON.stringify(base)} against ${JSON.stringify(patched)} is ${comparison}`, async (t) => {
    const often = (arm: string, outcomes: Outcomes) => oftenTrial(trial(arm, outcomes));
    const verdict = compareScenario('s', often('base', base), often('patched', patched));
    t.equal(verdict.comparison, comparison);
    t.ok(verdict.reason.startsWith(reason), verdict.reason);
    t.strictSame(
      verdict.subtests?.tests.map(({ name, change }) => `${name} ${change}`),
      tests,
    );
  });

t.test(
  'of several trials the worst counts: a test that failed once on the base is not newly failing',
  async (t) => {
    const verdict = compareScenario(
      's',
      [trial('base', { a: 'ok', b: 'ok' }, 1), trial('base', { a: 'notOk', b: 'ok' }, 2)],
      [trial('patched', { a: 'notOk', b: 'ok' }, 1), trial('patched', { a: 'ok', b: 'ok' }, 2)],
    );
    t.match(verdict.subtests?.tests[0], {
      name: 'a',
      change: 'failingOnBoth',
      base: 'notOk',
      patched: 'notOk',
    });
    t.match(verdict.signatures, [{ base: { seen: 1, trials: 2 }, patched: { seen: 1, trials: 2 } }]);
    t.equal(verdict.comparison, 'clean');
  },
);

t.test('a splat counts beside tests that fail on both', async (t) => {
  const both = trial('base', { a: 'notOk' });
  const patched = trial('patched', { a: 'notOk' });
  const splat = {
    kind: 'splat',
    signature: '2:f',
    title: 'WARNING in f',
    step: null,
    details: [],
    splat: 0,
  } as const;
  const verdict = compareScenario(
    's',
    oftenTrial(both),
    oftenTrial({ ...patched, findings: [...patched.findings, splat] }),
  );
  t.match(verdict, { comparison: 'regressed', reason: /^WARNING in f: / });
});

t.test('with one arm a test that fails is a fault, and skipped ones alone decide nothing', async (t) => {
  const failing = judgeAlone('s', [trial('base', { a: 'notOk', b: 'ok', c: 'skip' })]);
  t.equal(failing.comparison, 'faulty');
  t.strictSame(failing.subtests?.counts, { failing: 1, skipped: 1, passing: 1 });
  t.equal(judgeAlone('s', [trial('base', { b: 'ok', c: 'skip' })]).comparison, 'clean');
  t.match(judgeAlone('s', [trial('base', { c: 'skip' })]), {
    comparison: 'inconclusive',
    reason: 'no test ran: c was skipped',
  });
});

t.test('a scenario that ran no suite has no tests', async (t) => {
  t.notOk('subtests' in compareScenario('s', [aTrial('s.base.1')], [aTrial('s.patched.1')]));
});
