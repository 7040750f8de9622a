// SPDX-License-Identifier: MIT
import t from 'tap';
import { KINDS } from './kinds/table.ts';
import { literalOf } from './literal.ts';

t.test('the text that every match contains is found in an expression', async (t) => {
  t.equal(literalOf(/BUG: KASAN: ([a-z-]+) in \S/), 'BUG: KASAN: ');
  t.equal(literalOf(/(?:WARNING|BUG): held lock freed/), ': held lock freed');
  t.equal(literalOf(/WARNING: .*lib\/kobject\.c.*kobject_/), 'lib/kobject');
  t.equal(literalOf(/abc+de?f{2}gh*i/), 'abc');
  t.equal(literalOf(/int3: $/), 'int3: ');
});

t.test('an expression without such a text has none', async (t) => {
  for (const pattern of [/one|two/, /bug/i, /\x41bc/, /(?:one|two)/, /[ab]+\d*/, /\u0041bc/])
    t.equal(literalOf(pattern), '', pattern.source);
  t.equal(literalOf(/a(?:b|c)|d/), '');
  t.equal(literalOf(/(bc)?d/), 'd');
});

t.test('most kinds need not be tried on the headline of another', async (t) => {
  const free = KINDS.filter((kind) => literalOf(kind.header) === '');
  t.ok(free.length < KINDS.length / 8, `${free.length} of ${KINDS.length}`);
});

t.test('a headline that a kind matches has the text of the kind', async (t) => {
  const lines = [
    'BUG: KASAN: use-after-free in heron_peck+0x1/0x2',
    'WARNING: CPU: 0 PID: 1 at lib/refcount.c:28 refcount_warn_saturate+0x1/0x2',
    'Kernel panic - not syncing: Fatal exception in interrupt',
    'INFO: task heron:7 blocked for more than 120 seconds.',
    'general protection fault, probably for non-canonical address 0xdffffc0000000000: 0000 [#1] SMP',
    'Kernel BUG at heron_peck+0x1/0x2',
  ];
  for (const line of lines) {
    const matches = KINDS.filter((kind) => kind.header.test(line));
    t.ok(matches.length > 0, line);
    for (const kind of matches) t.ok(line.includes(literalOf(kind.header)), kind.header.source);
  }
});
