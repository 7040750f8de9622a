// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'junit2json';
import t from 'tap';
import { validateXML } from 'xmllint-wasm';
import type { CampaignState, Comparison, ScenarioVerdict } from '../model/index.ts';
import {
  aSignature,
  aSplat,
  aState,
  aTrial,
  aVerdict,
  PROJECT_ROOT,
  SAMPLE_STATES,
} from '../testing/index.ts';
import { junitReport } from './junit.ts';

const SCHEMA = readFileSync(join(PROJECT_ROOT, 'harness/report/testdata/junit.xsd'), 'utf8');
const OPTIONS = { runDirectory: '/runs/1', color: false, columns: 100, verbose: false };

/** What libxml2 finds wrong with a report, by the schema. */
async function findErrors(xml: string): Promise<readonly string[]> {
  return (await validateXML({ xml, schema: SCHEMA })).errors.map((one) => one.message);
}

interface Read {
  readonly classname?: string;
  readonly name?: string;
  readonly result: string;
  readonly type?: string | undefined;
  readonly message?: string | undefined;
  readonly text?: string | undefined;
  readonly output: string;
}

/** The test cases as a reader of JUnit XML has them. */
async function readCases(state: CampaignState | undefined): Promise<readonly Read[]> {
  const report = await parse(junitReport(state ?? aState([], null), OPTIONS));
  const suites = report && 'testsuite' in report ? (report.testsuite ?? []) : [];
  return suites.flatMap((suite) =>
    (suite.testcase ?? []).map((one) => {
      const problem = one.failure?.[0] ?? one.error?.[0];
      const skipped = one.skipped?.[0];
      return {
        ...(one.classname === undefined ? {} : { classname: one.classname }),
        ...(one.name === undefined ? {} : { name: one.name }),
        result: one.failure ? 'failure' : one.error ? 'error' : one.skipped ? 'skipped' : 'passed',
        type: problem?.type,
        message: problem?.message ?? skipped?.message,
        text: problem?.inner,
        output: (one['system-out'] ?? []).join('\n'),
      };
    }),
  );
}

t.test('libxml2 accepts every report by the schema', async (t) => {
  for (const [name, state] of Object.entries(SAMPLE_STATES))
    t.strictSame(await findErrors(junitReport(state, OPTIONS)), [], name);
});

t.test('the schema refuses what readers would misunderstand', async (t) => {
  const good = junitReport(SAMPLE_STATES.concluded ?? aState([], null), OPTIONS);
  const broken: readonly [string, string][] = [
    ['name="again"', 'name="blocked"'],
    ['<failure ', '<flaw '],
    ['time="122.000"', 'time="2 min"'],
    ['T00:00:00"', 'T00:00:00.000Z"'],
    [' type="lab"', ''],
    ['note: 2', 'note: \u0001'],
  ];
  for (const [from, to] of broken) {
    t.ok(good.includes(from), from);
    t.not((await findErrors(good.replace(from, to))).length, 0, `${from} → ${to}`);
  }
});

t.test(
  'a kernel fault is a failure, everything else that went wrong an error, and what was not run is skipped',
  async (t) => {
    const trials = { outcome: 'failed', reason: 'it broke' } as const;
    const of = (comparison: Comparison, part: Parameters<typeof aTrial>[1] = {}) =>
      aState(
        [aTrial('s.base.1'), aTrial('s.patched.1', part)],
        aVerdict([{ scenario: 's', comparison, reason: 'why', signatures: [] }]),
      );
    const rows: readonly [CampaignState, string, string | undefined][] = [
      [of('clean'), 'passed', undefined],
      [of('fixed'), 'passed', undefined],
      [of('regressed', { ...trials, blame: 'kernel' }), 'failure', 'regressed'],
      [of('notFixed', { ...trials, blame: 'kernel' }), 'failure', 'notFixed'],
      [of('inconclusive', { ...trials, blame: 'lab' }), 'error', 'lab'],
      [of('inconclusive', { ...trials, blame: 'scenario' }), 'error', 'scenario'],
      [of('inconclusive', { ...trials, blame: 'harness' }), 'error', 'harness'],
      [of('inconclusive', { outcome: 'notRun' }), 'skipped', undefined],
      [of('notReproduced'), 'skipped', undefined],
    ];
    for (const [state, result, type] of rows) {
      const own = (await readCases(state)).find((one) => one.name === 's');
      t.strictSame([own?.classname, own?.result, own?.type], ['ktrial.smoke-5_10', result, type]);
    }
  },
);

t.test('the names of the cases do not depend on any result', async (t) => {
  const names = async (state: CampaignState | undefined) =>
    (await readCases(state)).map((one) => `${one.classname}.${one.name}`);
  const whole = await names(SAMPLE_STATES.concluded);
  t.equal(whole.length, 6);
  for (const name of ['conflict', 'does-not-compile', 'fault', 'interrupted', 'unfinished', 'not-started'])
    t.strictSame(await names(SAMPLE_STATES[name]), whole, name);
  const perPatch = SAMPLE_STATES['per-patch'];
  t.strictSame(await names(perPatch && { ...perPatch, verdict: null, end: null }), await names(perPatch));
});

t.test(
  'a campaign without a complete verdict is an error of its own, and no scenario of it passes',
  async (t) => {
    const causes: readonly [string, string, RegExp][] = [
      ['conflict', 'series', /^rejected: patch 2 /],
      ['does-not-compile', 'series', /^rejected: the kernel does not compile/],
      ['fault', 'lab', /HOST_DISK_FULL/],
      ['interrupted', 'interrupt', /^interrupted: 4 of 12/],
      ['unfinished', 'unfinished', /^not finished: 2 of 12/],
    ];
    for (const [name, type, message] of causes) {
      const [campaign, ...others] = await readCases(SAMPLE_STATES[name]);
      t.match(campaign, { name: 'the campaign comes to a verdict', result: 'error', type, message }, name);
      t.ok(
        others.every((one) => one.result === 'skipped'),
        name,
      );
    }
    const [undecided] = await readCases(SAMPLE_STATES.empty);
    t.match(undecided, { result: 'error', type: 'inconclusive' }, 'an inconclusive campaign does not pass');
  },
);

t.test('a failure has the call trace, and its console as an attachment on a line alone', async (t) => {
  const cases = await readCases(SAMPLE_STATES.concluded);
  const blocked = cases.find((one) => one.name === 'blocked');
  t.match(blocked?.text, /sample_remove\+0x1c\/0x80 \[sample\] drivers\/sample\/sample\.c:42/);
  t.notMatch(blocked?.text, /stale_word/);
  t.match(blocked?.output, /^\[\[ATTACHMENT\|\/runs\/1\/blocked\.patched\.1\/console\.log\]\]$/m);
  t.match(cases.find((one) => one.name === 'again')?.text, /see blocked above$/);
});

t.test('no text makes a report that libxml2 refuses, and readable text comes back as it was', async (t) => {
  const sampled = fc.sample(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), {
    numRuns: 60,
    seed: 7,
  });
  const given = [
    ...sampled,
    ']]>',
    '<a & "b">',
    '\u0000\u0008\u000b\u001b[31m',
    '\ud800',
    '\ufffe',
    '日本 👍',
  ];
  const trials = given.map((text, index) =>
    aTrial(`s${index}.patched.1`, { splats: [aSplat({ title: text, comm: text })], reason: text }),
  );
  const verdicts: ScenarioVerdict[] = trials.map((trial, index) => ({
    scenario: trial.scenario,
    comparison: 'regressed',
    reason: given[index] ?? '',
    signatures: trial.splats.map((splat) => aSignature(splat, { trials: [trial.id] })),
  }));
  const state = aState(trials, aVerdict(verdicts), { notes: given });
  t.strictSame(await findErrors(junitReport(state, OPTIONS)), []);
  const cases = await readCases(state);
  t.equal(cases.length, given.length + 1);
  for (const text of ['<a & "b">', ']]>', '日本 👍'])
    t.ok(
      cases.some((one) => one.message === `fault seen: ${text}` || one.message === `regressed: ${text}`),
      text,
    );
});

t.test('code that was not compiled is a skipped case, or an error where that is all of it', async (t) => {
  const name = 'the changed code is compiled';
  const caseOf = async (state: CampaignState | undefined) =>
    (await readCases(state)).find((one) => one.name === name);
  t.match(await caseOf(SAMPLE_STATES['partly-compiled']), { result: 'skipped', output: /other\.c/ });
  t.match(await caseOf(SAMPLE_STATES['not-compiled']), {
    result: 'error',
    message: /nothing of the series was on trial/,
    output: /sample\.c/,
  });
  t.equal(await caseOf(SAMPLE_STATES.concluded), undefined);
});

t.test('a scenario that was skipped is a skipped case, with the reason', async (t) => {
  const reason = 'the kernel has no module vfio_mdev';
  const scenario = { scenario: 'needy', comparison: 'skipped', reason, signatures: [] } as const;
  const cases = await readCases(aState([], aVerdict([scenario])));
  t.match(
    cases.find((one) => one.name === 'needy'),
    { result: 'skipped', message: reason },
  );
});
