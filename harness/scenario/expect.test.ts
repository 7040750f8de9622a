// SPDX-License-Identifier: MIT
import t from 'tap';
import type { Splat } from '../model/index.ts';
import { expandScenario, findUnexpectedSplats, parseScenario } from './index.ts';

function settle(expect: string) {
  const parsed = parseScenario(`name: x\ndescription: d\nsteps: []\nexpect: ${expect}\n`, 'x');
  if (!parsed.ok) throw new Error(parsed.diagnostics[0]?.message);
  return expandScenario(parsed.scenario)[0] as ReturnType<typeof expandScenario>[number];
}

function aSplat(title: string, more: Partial<Splat> = {}): Splat {
  return { title, signature: `splat:${title}`, follows: null, frames: [], ...more } as unknown as Splat;
}

t.test('every complaint that is not allowed is a finding, once for each signature', async (t) => {
  const findings = findUnexpectedSplats(settle('{}'), [
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

t.test('what follows from another complaint is none of its own', async (t) => {
  const findings = findUnexpectedSplats(settle('{}'), [
    aSplat('KASAN in f'),
    aSplat('GPF in f', { follows: 0 }),
  ]);
  t.equal(findings.length, 1);
});

t.test('what is allowed is no finding: a title as a whole, a pattern anywhere', async (t) => {
  const settled = settle('{allow: [{title: WARNING in f, why: w}, {matches: "^INFO: task", why: w}]}');
  const splats = [aSplat('WARNING in f'), aSplat('WARNING in ff'), aSplat('INFO: task hung in g')];
  t.strictSame(
    findUnexpectedSplats(settled, splats).map((one) => one.title),
    ['WARNING in ff'],
  );
});

t.test('an expected complaint that does not come is a finding', async (t) => {
  const settled = settle('{dmesg: {splats: [{title: WARNING in f, why: the fault is injected}]}}');
  t.strictSame(findUnexpectedSplats(settled, [aSplat('WARNING in f')]), []);
  t.match(findUnexpectedSplats(settled, [aSplat('BUG in g')]), [
    { kind: 'splat', title: 'BUG in g' },
    { kind: 'expectation', signature: 'expectation:x:dmesg:WARNING in f', splat: null },
  ]);
});
