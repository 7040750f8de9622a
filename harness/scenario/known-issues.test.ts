// SPDX-License-Identifier: MIT
import t from 'tap';
import { formatDiagnostic } from '../document/index.ts';
import { parseKnownIssues } from './known-issues.ts';

const entry = (part: Readonly<Record<string, string>> = {}) => {
  const whole = {
    signature: '3:KASAN-USE-AFTER-FREE:sample_remove',
    reason: 'reported, a fix is under review',
    link: 'https://lore.kernel.org/r/1',
    expires: '2026-12-31',
    rate: '0.05',
    ...part,
  };
  const lines = Object.entries(whole).map(([key, value]) => `    ${key}: ${value}`);
  return `  -\n${lines.join('\n')}\n`;
};
const parse = (...entries: readonly string[]) =>
  parseKnownIssues(`knownIssues:\n${entries.join('')}`, 'known-issues.yaml', '2026-11-26');
const problemsOf = (...entries: readonly string[]) => {
  const parsed = parse(...entries);
  return parsed.ok ? '' : parsed.diagnostics.map(formatDiagnostic).join('\n');
};

t.test('a known issue has a signature, a reason, a link, a date and a rate', async (t) => {
  t.match(parse(entry()), { ok: true, issues: [{ rate: 0.05, expires: '2026-12-31' }] });
  t.match(problemsOf(entry({ rate: '7' })), /rate/);
  t.match(problemsOf(entry({ link: 'somewhere' })), /https/);
  t.match(problemsOf('  - signature: x\n'), /reason/);
});

t.test('one that has expired is an error, at its place', async (t) => {
  t.equal(problemsOf(entry({ expires: '2026-11-26' })), '', 'it holds for the whole of its last day');
  t.match(problemsOf(entry({ expires: '2026-11-25' })), /known-issues.yaml:6.*expired on 2026-11-25/);
  t.match(problemsOf(entry({ expires: '2026-02-30' })), /a day that there is/);
});

t.test('a signature stands once', async (t) => {
  t.match(problemsOf(entry(), entry()), /the same signature stands above/);
});
