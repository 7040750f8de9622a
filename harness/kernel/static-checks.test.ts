// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openSmallKernelLab } from '../testing/small-kernel.ts';
import { parseStyleReports } from './check-style.ts';
import { openBuildTree } from './index.ts';

t.setTimeout(5 * 60_000);

/** As a tree's own checkpatch: it reports `extern` in what it is given, and with --strict how it was called. */
const CHECKPATCH = `my $file = $ARGV[-1];
my %option = map { $_ => 1 } @ARGV;
open(my $in, '<', $file) or die "cannot read $file";
my $line = 0; my $bad = 0;
while (<$in>) { $line++; next unless /\\bextern\\b/; print "$file:$line: CHECK:AVOID_EXTERNS: extern in $file\\n"; $bad = 1; }
if ($option{'--strict'}) { print "$file:1: WARNING:CALLED: @ARGV\\n"; $bad = 1; }
# What it writes stays in its own directory.
open(my $out, '>', '/written') and print "$file:2: ERROR:ESCAPED: it could write\\n";
exit $bad;
`;

async function openTree(lab: ReturnType<typeof openSmallKernelLab>) {
  return openBuildTree(lab.definition, { cacheDirectory: lab.cache, jobs: 1 });
}

t.test('a part of a tree is compiled alone, and says what W=1 finds in all of it, each time', async (t) => {
  const lab = openSmallKernelLab(t);
  writeFileSync(join(lab.tree, 'core.c'), 'int core(int a) { return 1; }\n');
  await using tree = await openTree(lab);
  const compile = (extraWarnings: string | null) =>
    tree.compilePart({
      commit: tree.baseCommit,
      paths: ['core.o'],
      checks: { extraWarnings, sparse: false },
    });
  t.strictSame((await compile(null)).diagnostics, [], 'the usual build finds nothing');
  for (let time = 0; time < 2; time += 1)
    t.match(await compile('1'), {
      ok: true,
      diagnostics: [{ severity: 'warning', file: 'core.c', option: '-Wunused-parameter' }],
    });
});

t.test('a part that does not compile is a value with its errors', async (t) => {
  const lab = openSmallKernelLab(t);
  writeFileSync(join(lab.tree, 'core.c'), 'int core(void) { return one; }\n');
  await using tree = await openTree(lab);
  const { ok, diagnostics } = await tree.compilePart({
    commit: tree.baseCommit,
    paths: ['core.o'],
    checks: { extraWarnings: null, sparse: false },
  });
  t.equal(ok, false);
  t.match(diagnostics, [{ severity: 'error', file: 'core.c' }]);
});

t.test("the tree's own checkpatch reads a file of a commit, or its change, in the sandbox", async (t) => {
  const lab = openSmallKernelLab(t);
  mkdirSync(join(lab.tree, 'scripts'));
  writeFileSync(join(lab.tree, 'scripts/checkpatch.pl'), CHECKPATCH);
  writeFileSync(join(lab.tree, 'core.h'), 'int a(void);\nextern int core(void);\n');
  await using tree = await openTree(lab);
  const { baseCommit: commit } = tree;
  const check = (file: string, more: object = {}) =>
    tree.checkStyle({ checker: commit, subject: { commit, file }, strict: false, ...more });
  t.strictSame(await check('core.h'), [
    { severity: 'CHECK', type: 'AVOID_EXTERNS', message: 'extern in core.h', place: 'core.h:2' },
  ]);
  t.strictSame(await check('core.c'), []);
  t.strictSame(await check('none.h'), [], 'a file that is not there has no report');
  const [called] = await check('core.c', { strict: true, types: ['A', 'B'], ignore: ['C'] });
  t.match(called?.message, /--strict --types A,B --ignore C -f core\.c$/);
  const change = await tree.checkStyle({ checker: commit, subject: { commit }, strict: false });
  t.match(change.at(-1), { type: 'AVOID_EXTERNS', place: /^change\.patch:\d+$/ });
});

t.test('a source without checkpatch cannot be checked by it', async (t) => {
  const lab = openSmallKernelLab(t);
  await using tree = await openTree(lab);
  const { baseCommit: commit } = tree;
  const checking = tree.checkStyle({ checker: commit, subject: { commit, file: 'core.c' }, strict: false });
  await t.rejects(checking, { blame: 'scenario', code: 'KERNEL_NO_CHECKPATCH' });
});

t.test('a checkpatch that dies is trouble of the lab, not a clean file', async (t) => {
  const lab = openSmallKernelLab(t);
  mkdirSync(join(lab.tree, 'scripts'));
  writeFileSync(join(lab.tree, 'scripts/checkpatch.pl'), 'exit 1;\n');
  await using tree = await openTree(lab);
  const { baseCommit: commit } = tree;
  const checking = tree.checkStyle({ checker: commit, subject: { commit, file: 'core.c' }, strict: false });
  await t.rejects(checking, { blame: 'lab', code: 'KERNEL_BUILD_DISTURBED' });
});

t.test('what checkpatch prints is read, and nothing else', async (t) => {
  t.strictSame(
    parseStyleReports(
      'a/b.h:132: CHECK:AVOID_EXTERNS: extern prototypes: no\n\ntotal: 0 errors\nx:1: NOTE:A: b\nx:1: ERROR:lower: b\n',
    ),
    [{ severity: 'CHECK', type: 'AVOID_EXTERNS', message: 'extern prototypes: no', place: 'a/b.h:132' }],
  );
});
