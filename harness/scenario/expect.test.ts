// SPDX-License-Identifier: MIT
import t from 'tap';
import type { Splat } from '../model/index.ts';
import { scanLog } from '../splat/index.ts';
import { KASAN_LINES, stampLines, WARNING_LINES } from '../testing/index.ts';
import { compileSplatExpectation, expandScenario, isReproduced, parseScenario } from './index.ts';

function settle(expect: string) {
  const parsed = parseScenario(`name: x\ndescription: d\nsteps: []\nexpect: ${expect}\n`, 'x');
  if (!parsed.ok) throw new Error(parsed.diagnostics[0]?.message);
  return expandScenario(parsed.scenario)[0] as ReturnType<typeof expandScenario>[number];
}

function aSplat(title: string, more: Partial<Splat> = {}): Splat {
  return {
    title,
    signature: `splat:${title}`,
    alternatives: [],
    follows: null,
    frames: [],
    ...more,
  } as unknown as Splat;
}

t.test('every complaint that is not allowed is a finding, once for each signature', async (t) => {
  const findings = compileSplatExpectation(settle('{}')).findUnexpected([
    aSplat('WARNING in f'),
    aSplat('BUG in g'),
    aSplat('WARNING in f'),
  ]);
  t.strictSame(
    findings.map((one) => [one.kind, one.signature, one.splat]),
    [
      ['splat', 'splat:WARNING in f', 0],
      ['splat', 'splat:BUG in g', 1],
    ],
  );
});

t.test('a splat is excused by a root that is a finding itself, and by no other', async (t) => {
  const ALLOW = '{allow: [{title: WARNING in f, why: w}]}';
  const found = (expect: string, splats: readonly Splat[]) =>
    compileSplatExpectation(settle(expect))
      .findUnexpected(splats)
      .map((one) => one.title);
  const fault = aSplat('GPF in g', { follows: 0 });
  t.strictSame(found('{}', [aSplat('KASAN in f'), fault]), ['KASAN in f']);
  t.strictSame(found(ALLOW, [aSplat('WARNING in f'), fault]), ['GPF in g'], 'the root is allowed');
  const expected = '{dmesg: {splats: [{title: WARNING in f, why: w}]}}';
  t.strictSame(found(expected, [aSplat('WARNING in f'), fault]), ['GPF in g'], 'the root is expected');
  const last = aSplat('BUG in h', { follows: 1 });
  const link = aSplat('WARNING in f', { follows: 0 });
  t.strictSame(
    found(ALLOW, [aSplat('KASAN in f'), link, last]),
    ['KASAN in f'],
    'a chain with an allowed link',
  );
  t.strictSame(found(ALLOW, [aSplat('WARNING in f'), fault, last]), ['GPF in g', 'BUG in h']);
  const broken = [
    aSplat('KASAN in f', { follows: 1 }),
    aSplat('GPF in g', { follows: 1 }),
    aSplat('BUG in h', { follows: 9 }),
  ];
  t.strictSame(found('{}', broken), ['KASAN in f', 'GPF in g', 'BUG in h'], 'a reference must point back');
});

t.test('a KASAN report seven seconds after an allowed warning of the same task is a finding', async (t) => {
  const log = stampLines(100, WARNING_LINES, 'T214') + stampLines(107, KASAN_LINES, 'T214');
  const allowed = settle('{allow: [{matches: "^WARNING in ", why: known}]}');
  const titles = (splats: readonly Splat[]) =>
    compileSplatExpectation(allowed)
      .findUnexpected(splats)
      .map((one) => one.title);
  t.match(titles(scanLog(log)).join(), /^KASAN: slab-use-after-free Read in otter_release$/);
  const kasan = titles(
    scanLog(stampLines(100, KASAN_LINES, 'T214') + stampLines(107, WARNING_LINES, 'T214')),
  );
  t.equal(kasan.length, 1, 'the warning after it is allowed');
});

t.test('what is allowed is no finding: a title as a whole, a pattern anywhere', async (t) => {
  const settled = settle('{allow: [{title: WARNING in f, why: w}, {matches: "^INFO: task", why: w}]}');
  const splats = [aSplat('WARNING in f'), aSplat('WARNING in ff'), aSplat('INFO: task hung in g')];
  t.strictSame(
    compileSplatExpectation(settled)
      .findUnexpected(splats)
      .map((one) => one.title),
    ['WARNING in ff'],
  );
});

t.test('an expected complaint that does not come is a finding', async (t) => {
  const settled = settle('{dmesg: {splats: [{title: WARNING in f, why: the fault is injected}]}}');
  t.strictSame(compileSplatExpectation(settled).findUnexpected([aSplat('WARNING in f')]), []);
  t.match(compileSplatExpectation(settled).findUnexpected([aSplat('BUG in g')]), [
    { kind: 'splat', title: 'BUG in g' },
    { kind: 'expectation', signature: 'expectation:x:dmesg:WARNING in f', splat: null },
  ]);
});

t.test('a scenario may name the fault that it reproduces, by the title of any finding', async (t) => {
  const found = (title: string, alternatives?: readonly string[]) => [
    {
      kind: 'death' as const,
      signature: 's',
      title,
      ...(alternatives ? { alternatives } : {}),
      step: null,
      details: [],
      splat: null,
    },
  ];
  const settled = settle('{}\nreproduces: {matches: "hung in ", why: the report}');
  t.equal(isReproduced(settled, found('task hung in f')), true);
  t.equal(isReproduced(settled, found('WARNING in f', ['INFO: task hung in f'])), true);
  t.equal(isReproduced(settled, found('WARNING in f')), false);
  t.equal(isReproduced(settled, []), false);
  t.equal(isReproduced(settle('{}'), found('task hung in f')), null, 'it names none');
});
