// SPDX-License-Identifier: MIT
import t from 'tap';
import type { CampaignVerdict, CoverageVerdict } from '../model/index.ts';
import { coverageItem, coverageLines } from './coverage.ts';

const aCoverage = (more: Partial<CoverageVerdict> = {}): CoverageVerdict => ({
  changed: 3,
  ran: 1,
  neverExecuted: ['a (x.c)'],
  notMeasured: [{ function: 'b (x.c)', reason: 'inlined' }],
  trials: 4,
  reason: null,
  ...more,
});

function aVerdict(all: CoverageVerdict, ...scenarios: readonly CoverageVerdict[]): CampaignVerdict {
  const rows = scenarios.map((coverage, index) => ({ scenario: `s${index}`, coverage }));
  return { coverage: all, scenarios: rows } as unknown as CampaignVerdict;
}

t.test('functions that never ran are named, in all and where a scenario differs', (t) => {
  const better = aCoverage({ ran: 2, neverExecuted: [] });
  t.strictSame(coverageLines({ verdict: aVerdict(better, better, aCoverage()) }), [
    'changed code: 2 of 3 changed functions ran; not measured: b (x.c): inlined',
    's1: 1 of 3 changed functions ran; never executed: a (x.c)',
  ]);
  t.strictSame(coverageLines({ verdict: null }), []);
  t.end();
});

t.test('a block has numbers for programs, and says why there are none', (t) => {
  t.strictSame(coverageItem(aCoverage(), JSON.stringify), [
    'changedFunctions: { changed: 3, ran: 1, trials: 4 }',
    'neverExecuted:',
    '  - "a (x.c)"',
    'notMeasured:',
    '  - "b (x.c): inlined"',
  ]);
  t.strictSame(coverageItem(aCoverage({ reason: 'no KPROBES' }), JSON.stringify), [
    'changedFunctions: "not measured: no KPROBES"',
  ]);
  t.end();
});
