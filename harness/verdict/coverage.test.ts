// SPDX-License-Identifier: MIT
import t from 'tap';
import {
  type ArmCoverage,
  type CampaignVerdict,
  describeCoverage,
  type FunctionHits,
  type TrialResult,
} from '../model/index.ts';
import { addCoverage } from './coverage.ts';

const verdict: CampaignVerdict = {
  format: 1,
  comparison: 'fixed',
  reason: '',
  scenarios: ['s', 'other'].map((scenario) => ({
    scenario,
    comparison: 'fixed',
    reason: '',
    signatures: [],
  })),
  perPatch: null,
  exitCode: 0,
};

const names = ['a', 'b', 'c', 'd', 'e'];
const arm: ArmCoverage = {
  functions: names.map((name) => ({
    function: name,
    file: 'x.c',
    probes: [name],
    inlined: false,
    unmeasured: null,
  })),
  total: 5,
  notMeasured: null,
};

function aTrial(
  scenario: string,
  hits: Readonly<Record<string, number | FunctionHits['unmeasured']>>,
): TrialResult {
  const functions = Object.entries(hits).map(([name, value]) => ({
    function: name,
    file: 'x.c',
    ...(typeof value === 'string' ? { hits: null, unmeasured: value } : { hits: value ?? 0 }),
  }));
  return { scenario, coverage: { functions, costMs: 1 } } as unknown as TrialResult;
}

t.test('each scenario has its own functions that ran, and the campaign those of all', (t) => {
  const judged = addCoverage(verdict, arm, [
    aTrial('s', { a: 1, b: 0, c: 'inlined', d: 'unread', e: 0 }),
    aTrial('s', { a: 0, b: 0, c: 'inlined', d: 0, e: 'alsoInlined' }),
    aTrial('other', { a: 0, b: 7, c: 'inlined', d: 0, e: 0 }),
  ]);
  const [s, other] = judged.scenarios;
  t.strictSame(s?.coverage, {
    changed: 5,
    ran: 1,
    neverExecuted: ['b (x.c)', 'd (x.c)'],
    notMeasured: [
      { function: 'c (x.c)', reason: 'inlined' },
      { function: 'e (x.c)', reason: 'not entered, but also inlined' },
    ],
    trials: 2,
    reason: null,
  });
  t.match(other?.coverage, { ran: 1, neverExecuted: ['a (x.c)', 'd (x.c)', 'e (x.c)'], trials: 1 });
  t.match(judged.coverage, { ran: 2, neverExecuted: ['d (x.c)'], trials: 3 });
  t.equal(
    judged.coverage && describeCoverage(judged.coverage),
    '2 of 5 changed functions ran; never executed: d (x.c); not measured: c (x.c): inlined, e (x.c): not entered, but also inlined',
  );
  t.end();
});

t.test('it decides nothing, and is absent where nothing was to be counted', (t) => {
  t.equal(addCoverage(verdict, null, [aTrial('s', { a: 1 })]), verdict);
  const { comparison, reason, exitCode } = addCoverage(verdict, arm, [aTrial('s', { a: 0 })]);
  t.strictSame({ comparison, reason, exitCode }, { comparison: 'fixed', reason: '', exitCode: 0 });
  t.end();
});

t.test('what was not measured is not called unexecuted', (t) => {
  const without = { ...aTrial('s', {}), coverage: undefined } as unknown as TrialResult;
  for (const [one, trials, text] of [
    [
      { ...arm, notMeasured: 'the kernel would need CONFIG_KPROBES=y' },
      [],
      'the kernel would need CONFIG_KPROBES=y',
    ],
    [arm, [without], 'no trial of the patched kernel counted'],
  ] as const) {
    const { coverage } = addCoverage(verdict, one, trials);
    t.equal(coverage && describeCoverage(coverage), `not measured: ${text}`);
    t.strictSame(coverage?.neverExecuted, []);
  }
  const lost = addCoverage(verdict, arm, [
    aTrial('s', Object.fromEntries(names.map((name) => [name, 'unread']))),
  ]);
  t.match(lost.coverage, { ran: 0, neverExecuted: [] });
  t.equal(lost.coverage?.notMeasured.length, 5);
  t.end();
});
