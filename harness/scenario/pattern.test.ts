// SPDX-License-Identifier: MIT
import t from 'tap';
import { compilePattern, findPatternFault } from './pattern.ts';

/** Patterns on which an engine that backtracks takes time without end, with a text that makes it. */
const HOSTILE: readonly (readonly [pattern: string, text: string])[] = [
  ['^(a+)+$', `${'a'.repeat(100_000)}!`],
  ['^(a|aa)+$', `${'a'.repeat(100_000)}!`],
  ['^(a|a)*$', `${'a'.repeat(100_000)}!`],
  ['(.*)*x$', 'a'.repeat(100_000)],
  ['^(\\w+\\s?)*$', `${'word '.repeat(20_000)}!`],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(100_000)],
  ['(x+x+)+y', 'x'.repeat(100_000)],
  ['^(.*?,){11}P', '1,2,3,4,5,6,7,8,9,10,11,12'.repeat(2000)],
  ['(?:a?){30}a{31}b', 'a'.repeat(30)],
  ['\\s+$x', ' '.repeat(100_000)],
  ['[ab]*a[ab]{20}[cd]', 'ab'.repeat(50_000)],
  ['([a-z]*[a-z]*[a-z]*){10}[0-9]', 'a'.repeat(100_000)],
];

t.test('no pattern and no text take time without end', { timeout: 120_000 }, async (t) => {
  for (const [text, subject] of HOSTILE) {
    t.equal(findPatternFault(text), null, text);
    t.equal(compilePattern(text).test(subject), false, text);
  }
});

t.test('a pattern means what its author is used to', async (t) => {
  const rows: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
    ['^b$', 'a\nb\nc', true],
    ['\\Ab', 'a\nb', false],
    ['(?i)warning', 'WARNING', true],
    ['[[:digit:]]+', 'a1', true],
    ['[[:digit:]]+', 'digit:', false],
    ['ttyS4 ok\\s+l2', 'ttyS4 ok\nl2', true],
    ['a.c', 'a\nc', false],
    ['(?s)a.c', 'a\nc', true],
    ['\\bword\\b', 'a word.', true],
    ['\\x41\\.\\/', 'A./', true],
    ['é+', 'éé', true],
    ['/dev/sda', '/dev/sda', true],
    ['a{2}', 'aa', true],
    ['\\Qa.b\\E', 'a.b', true],
    ['[]a]+', ']', true],
    ['[^]]', ']', false],
    ['(?<name>a)', 'a', true],
    ['x\\{1', 'x{1', true],
    ['\\p{Greek}', 'α', true],
    ['^$', 'a\n\nb', true],
  ];
  for (const [text, subject, matches] of rows) {
    t.equal(findPatternFault(text), null, text);
    t.equal(compilePattern(text).test(subject), matches, `/${text}/ on ${JSON.stringify(subject)}`);
  }
});

t.test('a text that is too long for a pattern of its size is refused, with what to do', async (t) => {
  const { test } = compilePattern('(?:a{1,400}b){1,2}');
  t.throws(() => test('x'.repeat(16 * 1024 * 1024)), {
    blame: 'scenario',
    code: 'SCENARIO_PATTERN_TOO_COSTLY',
    next: /print less/,
  });
  t.equal(
    compilePattern('in use$').test('x'.repeat(16 * 1024 * 1024)),
    false,
    'a usual one is fit for all output',
  );
});
