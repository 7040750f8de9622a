// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import t from 'tap';
import { aLog } from '../../testing/index.ts';
import { scanLog } from '../index.ts';
import { HEADLINE_WORDS, readHeader } from '../kind.ts';
import type { Kind } from './family.ts';
import { OPTIONAL_KIND_NAMES } from './optional.ts';
import { KINDS } from './table.ts';
import { TYPES } from './type.ts';

const ALL_OPTIONAL = new Set(OPTIONAL_KIND_NAMES);
const SAMPLES = 100;

/** Lines that match a kind's headline. The generator knows no assertions: lines that break one are left out. */
function sampleLines({ header }: Kind): readonly string[] {
  const plain = header.source
    .replace(/\(\?<![^()]*\)/g, '')
    .replace(/\(\?!(?:[^()]|\([^()]*\))*\)/g, '')
    .replace(/\\b/g, '');
  const lines = fc.stringMatching(new RegExp(plain), { size: 'xsmall' });
  return fc.sample(lines, { numRuns: SAMPLES, seed: 1 }).filter((line) => header.test(line));
}

t.test(
  'every line that a kind matches has words of the headline table, or the kind could not be reached',
  async (t) => {
    for (const kind of KINDS) {
      const lines = sampleLines(kind);
      t.ok(lines.length > SAMPLES / 10, `lines for ${kind.header.source}`);
      const unreachable = lines.find((line) => !HEADLINE_WORDS.some((words) => line.includes(words)));
      t.equal(unreachable, undefined, `${kind.title}: ${kind.header.source}`);
    }
  },
);

t.test('every kind is chosen for some line', async (t) => {
  for (const kind of KINDS)
    t.ok(
      sampleLines(kind).some((line) => readHeader(line, ALL_OPTIONAL)?.kind === kind),
      `${kind.title}: ${kind.header.source}`,
    );
});

t.test('the check finds a kind that no headline opens', async (t) => {
  const kind: Kind = { header: /pond is (?:empty|dry): \d+/, title: 'pond' };
  const lines = sampleLines(kind);
  t.ok(lines.length > SAMPLES / 10);
  t.notOk(lines.some((line) => HEADLINE_WORDS.some((words) => line.includes(words))));
});

t.test('words that stand with a kind open reports', async (t) => {
  const opened = KINDS.flatMap(sampleLines).filter((line) => readHeader(line, ALL_OPTIONAL)?.kind);
  for (const { words } of KINDS.flatMap((kind) => kind.opens ?? []))
    t.ok(
      opened.some((line) => line.includes(words)),
      words,
    );
});

t.test('no words stand twice in the tables', async (t) => {
  t.equal(new Set(HEADLINE_WORDS).size, HEADLINE_WORDS.length);
});

t.test('every type is reached by the title of some kind, or of a line', async (t) => {
  const titles = [
    ...KINDS.flatMap((kind) =>
      [
        'use-after-free',
        'invalid-free',
        'infoleak',
        'uninit-value',
        'data-race in',
        'assert',
        'array-index-out',
        'x',
      ].flatMap((word) =>
        ['Read', 'Write'].map((access) => kind.title.replace('$1', word).replace(/\$[23]/, access)),
      ),
    ),
    'KASAN: null-ptr-deref Write in f',
    'KASAN: null-ptr-deref Read in f',
    'KFENCE: use-after-free write in f',
    'KFENCE: out-of-bounds write in f',
    'KFENCE: out-of-bounds read in f',
    'KFENCE: memory corruption in f',
    'KFENCE: invalid free in f',
    'KMSAN: kernel-infoleak in f',
    'BUG: sleeping function called from invalid context in f',
    'SYZFAIL: posix_spawn failed',
  ];
  const reached = new Set(titles.map((title) => TYPES.findIndex(([pattern]) => pattern.test(title))));
  t.strictSame(
    TYPES.filter((_, index) => !reached.has(index)).map(([pattern]) => pattern.source),
    [],
  );
});

t.test('SLUB names every cache, not those of kmalloc only', async (t) => {
  const lines = [
    '='.repeat(77),
    'BUG anon_vma (Not tainted): Poison overwritten',
    '-'.repeat(77),
    'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
    'Call Trace:',
    ' dump_stack_lvl+0x1/0x10',
    ' check_object+0x1/0x10',
  ];
  const [splat, ...more] = scanLog(aLog(lines));
  t.hasStrict(splat ?? {}, {
    title: 'BUG anon_vma (Not tainted): Poison overwritten',
    type: 'BUG',
    corrupted: false,
  });
  t.strictSame(more, []);
});

t.test('a stack overflow is a headline where no other comes before it', async (t) => {
  const lines = [
    'Kernel stack overflow in process 00000000c0ffee00, r1=d1a2bf40',
    'NIP: c0012345 LR: c0012300 CTR: 00000000',
    'Call Trace:',
    '[d1a2bf40] [c0012345] pond_poll+0x64/0x1a0 (unreliable)',
    '[d1a2bf60] [c0012400] pond_dive+0x64/0x1a0',
    '[d1a2bf80] [c0012400] pond_dive+0x64/0x1a0',
  ];
  t.match(scanLog(aLog(lines))[0]?.title, /^kernel stack overflow in /);
});
