// SPDX-License-Identifier: MIT
import t from 'tap';
import { formatDiagnostic } from '../../document/index.ts';
import { expandScenario, findMatchingLines, lintScenario, parseScenario } from '../index.ts';

const HEAD = 'name: x\ndescription: d\n';
const STATIC = `${HEAD}kind: static\n`;
const GREP = "grep: {pattern: 'a', files: [b.c], lines: 0}";

t.test('a static scenario has its checks settled, and nothing to perform in a machine', async (t) => {
  const parsed = parseScenario(
    `${STATIC}checks:\n  - label: l\n    ${GREP}\n  - checkpatch: {}\n  - size: {module: a/b.ko, struct: c, base: smaller}\n  - compile: {paths: [a/]}\n`,
    'x',
  );
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(formatDiagnostic).join('\n'));
  const [settled] = expandScenario(parsed.scenario);
  t.match(settled, { steps: [], setup: [], cleanup: [] });
  t.strictSame(settled?.static, [
    { kind: 'grep', label: 'l', body: { pattern: 'a', files: ['b.c'], lines: 0 } },
    { kind: 'checkpatch', label: 'checkpatch each patch', body: { strict: false, atMost: 0 } },
    {
      kind: 'size',
      label: 'size of struct c in a/b.ko',
      body: { module: 'a/b.ko', struct: 'c', base: 'smaller' },
    },
    { kind: 'compile', label: 'compile a/', body: { paths: ['a/'], sparse: false } },
  ]);
});

const wrong: Readonly<Record<string, readonly [text: string, diagnostic: RegExp]>> = {
  'no steps': [`${HEAD}timeout: 1m\n`, /missing key "steps"/],
  'no checks': [STATIC, /missing key "checks"/],
  'checks of a scenario that boots': [
    `${HEAD}steps: []\nchecks: [{${GREP}}]\n`,
    /checks are for a scenario of/,
  ],
  'steps of one that does not': [`${STATIC}steps: [{run: a}]\nchecks: [{${GREP}}]\n`, /boots nothing/],
  'a check that does two things': [`${STATIC}checks: [{${GREP}, checkpatch: {}}]\n`, /exactly one thing/],
  'a path out of the tree': [
    `${STATIC}checks: [{grep: {pattern: a, files: [../b.c], lines: 0}}]\n`,
    /expected a path of the source tree/,
  ],
  'a path that make takes for an option': [
    `${STATIC}checks: [{compile: {paths: ['-f']}}]\n`,
    /expected a path of the source tree/,
  ],
  'a path that make takes for a variable': [
    `${STATIC}checks: [{compile: {paths: ['CC=a']}}]\n`,
    /expected a path of the source tree/,
  ],
  'a size of nothing': [`${STATIC}checks: [{size: {module: a.ko, bytes: 1}}]\n`, /either struct or section/],
  'a size without a bound': [
    `${STATIC}checks: [{size: {module: a.ko, section: .text}}]\n`,
    /either bytes or base/,
  ],
};

for (const [what, [text, diagnostic]] of Object.entries(wrong))
  t.test(`lint refuses ${what}`, async (t) => {
    const found = lintScenario(text, 'x').map(formatDiagnostic).join('\n');
    t.match(found, diagnostic);
    t.match(found, /error/);
  });

t.test('lines that match are counted from 1, each once', async (t) => {
  t.strictSame(findMatchingLines('^a.*a', 'b\naa aa\nb a a\nab a'), [2, 4]);
  t.strictSame(findMatchingLines('x', ''), []);
});
