// SPDX-License-Identifier: MIT
import t from 'tap';
import type { Comparison, Finding, TrialResult } from '../model/index.ts';
import { aTrial, oftenTrial } from '../testing/index.ts';
import { compareScenario, compareScenarios, judgeAlone } from './compare.ts';

function aFinding(name: string, kind: Finding['kind'] = 'splat'): Finding {
  return { kind, signature: `2:${name}`, title: `WARNING in ${name}`, step: null, details: [], splat: null };
}

function bad(arm: string, names: readonly string[] = ['f'], attempt = 1): TrialResult {
  return aTrial(`s.${arm}.${attempt}`, {
    outcome: 'failed',
    blame: 'kernel',
    findings: names.map((name) => aFinding(name)),
  });
}

const good = (arm: string, attempt = 1) => aTrial(`s.${arm}.${attempt}`);

function lost(arm: string, part: Partial<TrialResult> = {}): TrialResult {
  return aTrial(`s.${arm}.1`, { outcome: 'failed', blame: 'lab', reason: 'QEMU was killed', ...part });
}

t.test('the same bug under another title is not fixed, and no regression either', async (t) => {
  const kasan = {
    ...aFinding('f'),
    title: 'KASAN: use-after-free Read in f',
    alternatives: ['bad-access in f'],
  };
  const fault = {
    ...aFinding('g'),
    title: 'general protection fault in f',
    alternatives: ['bad-access in f'],
  };
  const arm = (name: string, finding: Finding) =>
    aTrial(`s.${name}.1`, { outcome: 'failed', blame: 'kernel', findings: [finding] });
  const verdict = compareScenario('s', [arm('base', kasan)], [arm('patched', fault)]);
  t.strictSame(
    verdict.signatures.map((one) => [one.signature, one.title, one.comparison]),
    [['2:f', 'KASAN: use-after-free Read in f', 'notFixed']],
  );
});

t.test('two arms are compared signature by signature', async (t) => {
  const cases: readonly [TrialResult, TrialResult, Comparison, string][] = [
    [bad('base'), good('patched'), 'fixed', 'WARNING in f'],
    [bad('base'), bad('patched'), 'notFixed', 'WARNING in f'],
    [good('base'), bad('patched'), 'regressed', 'WARNING in f'],
    [good('base'), good('patched'), 'clean', 'no splat and every expectation met, on both kernels'],
  ];
  for (const [base, patched, comparison, reason] of cases) {
    const verdict = compareScenario('s', oftenTrial(base), oftenTrial(patched));
    t.match(verdict, { scenario: 's', comparison });
    t.ok(verdict.reason.startsWith(reason), verdict.reason);
    t.strictSame(
      verdict.signatures.map((one) => one.comparison),
      comparison === 'clean' ? [] : [comparison],
    );
  }
});

t.test('the worst signature decides, and gives the reason', async (t) => {
  const mixed = compareScenario(
    's',
    oftenTrial(bad('base', ['e', 'f', 'k'])),
    oftenTrial(bad('patched', ['f', 'g', 'h'])),
  );
  t.equal(mixed.comparison, 'regressed');
  t.equal(mixed.reason, 'WARNING in g: base 0/7, patched 7/7 (p < 0.001) (and 1 more)');
  t.strictSame(
    mixed.signatures.map((one) => [one.signature, one.comparison]),
    [
      ['2:e', 'fixed'],
      ['2:f', 'notFixed'],
      ['2:k', 'fixed'],
      ['2:g', 'regressed'],
      ['2:h', 'regressed'],
    ],
  );
});

t.test('a splat is the reason before a missed expectation', async (t) => {
  const findings = [aFinding('missed', 'expectation'), aFinding('f')];
  const patched = aTrial('s.patched.1', { outcome: 'failed', blame: 'kernel', findings });
  const compare = (trial: TrialResult) => compareScenario('s', oftenTrial(good('base')), oftenTrial(trial));
  t.match(compare(patched).reason, /^WARNING in f: .*\(and 1 more\)$/);
  const missed = aTrial('s.patched.1', {
    outcome: 'failed',
    blame: 'kernel',
    findings: findings.slice(0, 1),
  });
  t.match(compare(missed), {
    reason: /^WARNING in missed: /,
    signatures: [{ kind: 'expectation', title: 'WARNING in missed' }],
  });
});

t.test('each trial that shows a signature counts once, and is named, the base’s first', async (t) => {
  const { signatures } = compareScenario(
    's',
    [bad('base', ['f', 'f'], 1), good('base', 2), bad('base', ['f'], 3)],
    [bad('patched', ['f'], 1), lost('patched')],
  );
  t.match(signatures, [
    {
      signature: '2:f',
      title: 'WARNING in f',
      kind: 'splat',
      comparison: 'notFixed',
      base: { seen: 2, trials: 3, boots: 3 },
      patched: { seen: 1, trials: 1, boots: 1 },
      trials: ['s.base.1', 's.base.3', 's.patched.1'],
    },
  ]);
});

t.test('an arm without a conclusive trial decides nothing, and says why', async (t) => {
  const parts: readonly Partial<TrialResult>[] = [
    {},
    { blame: 'scenario' },
    { blame: 'harness' },
    { outcome: 'notRun', blame: null },
    { outcome: 'skipped', blame: null },
  ];
  for (const part of parts) {
    const trial = lost('patched', part);
    const verdict = compareScenario('s', [good('base')], [trial]);
    t.equal(verdict.comparison, 'inconclusive');
    t.equal(verdict.reason, `s.patched.1: ${trial.blame ?? trial.outcome}: QEMU was killed`);
    t.equal(compareScenario('s', [lost('base', part)], [good('patched')]).comparison, 'inconclusive');
  }
  t.match(compareScenario('s', [good('base')], []), {
    comparison: 'inconclusive',
    reason: 'no trial was run',
    signatures: [],
  });
});

t.test('what only one arm showed is neither fixed nor regressed', async (t) => {
  const alone = compareScenario('s', [lost('base')], [bad('patched')]);
  t.match(alone, {
    comparison: 'inconclusive',
    reason: 's.base.1: lab: QEMU was killed; the patched kernel alone showed faults',
    signatures: [
      { comparison: 'inconclusive', base: { seen: 0, trials: 0 }, patched: { seen: 1, trials: 1 } },
    ],
  });
  const baseAlone = compareScenario('s', [bad('base')], [lost('patched')]);
  t.equal(baseAlone.reason, 's.patched.1: lab: QEMU was killed');
  t.match(baseAlone.signatures, [{ comparison: 'inconclusive' }]);
});

t.test('controls are not counted: they are compared with clones', async (t) => {
  const control = { ...bad('base'), control: true };
  t.equal(compareScenario('s', [control, good('base')], [good('patched')]).comparison, 'clean');
  t.equal(compareScenario('s', [control], [good('patched')]).reason, 'no trial was run');
  t.equal(judgeAlone('s', [control, good('base')]).comparison, 'clean');
});

t.test('one arm alone is clean or faulty, and nothing in it is compared', async (t) => {
  t.match(judgeAlone('s', [good('base')]), {
    scenario: 's',
    comparison: 'clean',
    reason:
      'no splat and every expectation met; a fault in 95.0 % of the boots or more would have been seen with 95 % confidence',
    signatures: [],
    power: { base: { trials: 1, boots: 1 }, patched: null },
  });
  t.match(judgeAlone('s', [bad('base', ['f'], 1), good('base', 2), lost('base')]), {
    scenario: 's',
    comparison: 'faulty',
    reason: 'WARNING in f: 1/2',
    signatures: [
      {
        signature: '2:f',
        title: 'WARNING in f',
        kind: 'splat',
        comparison: 'faulty',
        base: { seen: 1, trials: 2 },
        patched: null,
        trials: ['s.base.1'],
      },
    ],
  });
  t.match(judgeAlone('s', [lost('base')]), {
    comparison: 'inconclusive',
    reason: 's.base.1: lab: QEMU was killed',
  });
});

const seen = (arm: string, hits: readonly (0 | 1)[], part: Partial<TrialResult> = {}) =>
  hits.map((hit, index) => ({ ...(hit ? bad(arm, ['f'], index + 1) : good(arm, index + 1)), ...part }));

t.test(
  'a race that may have been missed by chance is neither fixed nor regressed, and says what it would need',
  async (t) => {
    const once = compareScenario('s', seen('base', [1]), seen('patched', [0]));
    t.match(once, {
      comparison: 'inconclusive',
      reason: 'WARNING in f: base 1/1, patched 0/1 (p = 0.339: about 2 more on each kernel would decide)',
      signatures: [{ comparison: 'inconclusive', test: { of: 'fixed', method: 'e-process', more: 2 } }],
    });
    const rare = compareScenario('s', seen('base', [0, 0, 0]), seen('patched', [0, 1, 0]));
    t.equal(rare.comparison, 'inconclusive', 'a rare fault that the patched kernel met first');
    const both = compareScenario(
      's',
      seen('base', [1, 0, 0, 0, 0, 0, 0, 0, 0]),
      seen('patched', [1, 1, 1, 1, 1, 1, 1, 1, 1]),
    );
    t.equal(both.comparison, 'regressed', 'the base excludes the rate of the patched kernel');
    t.equal(compareScenario('s', seen('base', [1, 0]), seen('patched', [1, 1])).comparison, 'notFixed');
  },
);

t.test("a fixed number of trials is judged by Fisher's test", async (t) => {
  const three = compareScenario('s', seen('base', [1, 1, 1]), seen('patched', [0, 0, 0]), 'fixed');
  t.match(three, { comparison: 'fixed', signatures: [{ test: { method: 'fisher', more: null } }] });
  const two = compareScenario('s', seen('base', [1, 1]), seen('patched', [0, 0]), 'fixed');
  t.match(two, { comparison: 'inconclusive', signatures: [{ test: { method: 'fisher', more: 1 } }] });
});

t.test('the more signatures a campaign has, the more each must show', async (t) => {
  const trials = (scenario: string) => ({
    scenario,
    base: seen('base', [1, 1, 1]),
    patched: seen('patched', [0, 0, 0]),
  });
  const many = ['a', 'b', 'c'].map(trials);
  t.ok(compareScenarios(many, 'fixed').every((one) => one.comparison === 'inconclusive'));
});

t.test('clones of one booted machine prove no more than one of them', async (t) => {
  const clone = (template: string) =>
    ({
      bootMethod: { kind: 'clone', template, qmpMs: 1, memoryMib: 1, fallbackReason: null },
    }) as const;
  const [base, patched] = [
    seen('base', [1, 1, 1, 1, 1, 1], clone('x')),
    seen('patched', [0, 0, 0, 0, 0, 0], clone('x')),
  ];
  for (const design of ['fixed', 'sequential'] as const)
    t.match(compareScenario('s', base, patched, design), {
      comparison: 'inconclusive',
      power: { base: { trials: 6, boots: 1, detects: 0.95 } },
    });
  const apart = (trials: readonly TrialResult[]) =>
    trials.map((one, index) => ({ ...one, ...clone(`x${index}`) }));
  t.equal(compareScenario('s', apart(base), apart(patched)).comparison, 'fixed');
});

t.test('what shows only when a window is widened is a row of its own, and says so', async (t) => {
  const verdict = compareScenario(
    's',
    [...seen('base', [1, 1, 1, 1], { widened: true }), ...seen('base', [0, 0], { widened: false })],
    [...seen('patched', [0, 0, 0, 0], { widened: true }), ...seen('patched', [0, 0], { widened: false })],
  );
  t.match(verdict, {
    comparison: 'fixed',
    reason: 'WARNING in f: base 4/4, patched 0/4 (p = 0.010, reachable when widened)',
    signatures: [{ widened: true, base: { seen: 4, trials: 4 } }],
  });
  t.equal(verdict.signatures.length, 1);
});

t.test(
  'a known issue is a row of its own and decides nothing, and says when it shows too often',
  async (t) => {
    const issue = {
      signature: '2:f',
      reason: 'reported',
      link: 'https://example.org/1',
      expires: '2027-01-31',
      rate: 0.1,
    };
    const often = { scenario: 's', base: seen('base', [0, 0, 0]), patched: seen('patched', [1, 1, 1]) };
    t.match(compareScenarios([often], 'sequential', [issue]), [
      {
        comparison: 'clean',
        reason: /, but for 1 known issue\(s\)$/,
        signatures: [{ comparison: 'clean', known: { rate: 0.1, exceededOn: ['patched'] } }],
      },
    ]);
    const rarely = {
      scenario: 's',
      base: seen('base', [0, 0, 0, 0, 0]),
      patched: seen('patched', [0, 1, 0, 0, 0]),
    };
    t.match(compareScenarios([rarely], 'sequential', [issue]), [
      { signatures: [{ known: { exceededOn: [] } }] },
    ]);
    t.match(judgeAlone('s', seen('base', [1, 1]), [issue]), {
      comparison: 'clean',
      signatures: [{ known: { exceededOn: ['base'] } }],
    });
    const unknown = { scenario: 's', base: often.base, patched: oftenTrial(bad('patched', ['f', 'g']), 3) };
    const [verdict] = compareScenarios([unknown], 'sequential', [issue]);
    t.match(verdict, { comparison: 'regressed', reason: /^WARNING in g: / });
  },
);

t.test('one look at trees and objects decides, and makes nothing else harder to show', async (t) => {
  const still = (trial: TrialResult): TrialResult => ({
    ...trial,
    static: true,
    bootMs: null,
    bootMethod: null,
  });
  const cases: readonly [TrialResult, TrialResult, Comparison, string][] = [
    [bad('base'), good('patched'), 'fixed', 'WARNING in f: base 1/1, patched 0/1'],
    [bad('base'), bad('patched'), 'notFixed', 'WARNING in f: base 1/1, patched 1/1'],
    [good('base'), bad('patched'), 'regressed', 'WARNING in f: base 0/1, patched 1/1'],
    [good('base'), good('patched'), 'clean', 'every check passed, on both trees'],
  ];
  const booted = { scenario: 'b', base: oftenTrial(bad('base')), patched: oftenTrial(good('patched')) };
  const [alone] = compareScenarios([booted], 'fixed');
  for (const [base, patched, comparison, reason] of cases) {
    const looks = { scenario: 's', base: [still(base)], patched: [still(patched)] };
    const [verdict, beside] = compareScenarios([looks, booted], 'fixed');
    t.match(verdict, { comparison, reason });
    t.notOk(verdict?.power, 'no rate of boots is promised');
    t.notOk(verdict?.signatures[0]?.test);
    t.strictSame(beside, alone);
  }
  t.match(compareScenario('s', [still(lost('base'))], [still(good('patched'))]), {
    comparison: 'inconclusive',
  });
  t.match(judgeAlone('s', [still(bad('base'))]), { comparison: 'faulty' });
  t.match(judgeAlone('s', [still(good('base'))]), { comparison: 'clean', reason: 'every check passed' });
});

t.test('a fault that the base never showed is not reproduced, and so not fixed', async (t) => {
  const shown = { reproduced: true } as const;
  const silent = { reproduced: false } as const;
  const arm = (trial: TrialResult, part: Partial<TrialResult>) => oftenTrial({ ...trial, ...part });
  const never = compareScenario('s', arm(good('base'), silent), arm(good('patched'), silent));
  t.match(never, { comparison: 'notReproduced', signatures: [] });
  t.equal(
    never.reason,
    'the fault that it is to reproduce did not show in 7 trials; a fault in 34.8 % of the boots or more would have been seen with 95 % confidence',
  );
  const seen = compareScenario('s', arm(bad('base'), shown), arm(good('patched'), silent));
  t.equal(seen.comparison, 'fixed');
  const other = compareScenario('s', arm(bad('base'), silent), arm(good('patched'), silent));
  t.match(other, { comparison: 'notReproduced', signatures: [{ comparison: 'fixed' }] }, 'another fault');
  const worse = compareScenario('s', arm(good('base'), silent), arm(bad('patched'), silent));
  t.equal(worse.comparison, 'regressed', 'what is worse is said first');
  t.equal(judgeAlone('s', arm(good('base'), silent)).comparison, 'notReproduced');
  t.equal(judgeAlone('s', arm(bad('base'), shown)).comparison, 'faulty');
  const lostOnes = compareScenario('s', [lost('base', silent)], arm(good('patched'), silent));
  t.equal(lostOnes.comparison, 'inconclusive', 'a base that was lost says nothing');
});

t.test('a rare fault of the base does not hide that the usual one is fixed', async (t) => {
  const faces = [['f'], ['f'], ['f', 'rare'], ['f'], ['f'], ['f'], ['f']];
  const base = faces.map((names, index) => bad('base', names, index + 1));
  const clean = faces.map((_, index) => good('patched', index + 1));
  const verdict = compareScenario('s', base, clean);
  t.equal(verdict.comparison, 'fixed');
  t.match(
    verdict.reason,
    /^WARNING in f: base 7\/7, .*, but for 1 rare fault\(s\) of the base that came too seldom/,
  );
  t.match(
    verdict.signatures.find(({ title }) => title === 'WARNING in rare'),
    {
      comparison: 'inconclusive',
      base: { seen: 1, trials: 7 },
    },
  );
  const alone = compareScenario(
    's',
    [bad('base', ['rare']), ...base.slice(1).map((_, at) => good('base', at + 2))],
    clean,
  );
  t.equal(alone.comparison, 'inconclusive', 'alone it decides');
  const onPatched = [bad('patched', ['rare']), ...clean.slice(1)];
  t.equal(
    compareScenario(
      's',
      base.map((_, at) => bad('base', ['f'], at + 1)),
      onPatched,
    ).comparison,
    'inconclusive',
  );
});
