// SPDX-License-Identifier: MIT
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runGit } from '../host/index.ts';
import { isFault, type Series } from '../model/index.ts';
import { applySeries, lastPatchTouching, readSeries, writeSeries } from './index.ts';

// The tests start many small programs, which is slow on a busy computer.
t.setTimeout(240_000);

const LINES = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);

type Test = Pick<typeof t, 'testdir'>;

/** A repository with one file of twenty lines, and functions that work on it. */
async function aRepository(t: Test) {
  const tree = t.testdir({ 'file.c': `${LINES.join('\n')}\n`, 'other.c': 'x\n', '.gitignore': '*.o\n' });
  const run = async (...args: string[]) =>
    (
      await runGit(['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', ...args], { cwd: tree })
    ).stdout.trim();
  await run('init', '-q', '-b', 'main');
  await run('add', '.');
  await run('commit', '-qm', 'base');
  const base = await run('rev-parse', 'HEAD');
  const edit = (name: string, change: (text: string) => string) =>
    writeFileSync(
      join(tree, name),
      change(existsSync(join(tree, name)) ? readFileSync(join(tree, name), 'utf8') : ''),
    );
  const commit = async (message: string) => {
    await run('add', '-A');
    await run('commit', '-qm', message);
    return run('rev-parse', 'HEAD');
  };
  /** The commits since the base as a series; the tree is then at the base again. */
  const takeSeries = async (): Promise<Series> => {
    const series = await readSeries({ kind: 'range', repository: tree, range: `${base}..HEAD` });
    await run('reset', '-q', '--hard', base);
    return series;
  };
  const state = async () => [await run('rev-parse', 'HEAD'), await run('status', '--porcelain', '--ignored')];
  return { tree, base, run, edit, commit, takeSeries, state };
}

/** A repository without the objects of `aRepository`, so that git cannot merge. Its only file is `file.c`. */
async function anotherRepository(t: Test, text: string): Promise<string> {
  const tree = t.testdir({ 'file.c': `${text}\n` });
  const run = (...args: string[]) =>
    runGit(['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', ...args], { cwd: tree });
  await run('init', '-q');
  await run('add', '.');
  await run('commit', '-qm', 'base');
  return tree;
}

const replace = (from: string, to: string) => (text: string) => text.replace(`${from}\n`, `${to}\n`);

async function aSeriesOfTwo(t: Test) {
  const repository = await aRepository(t);
  repository.edit('file.c', replace('line 5', 'line five'));
  await repository.commit('one: of two');
  repository.edit('file.c', replace('line 15', 'line fifteen'));
  repository.edit('new.c', () => 'new\n');
  await repository.commit('two: of two');
  return { ...repository, series: await repository.takeSeries() };
}

t.test('a series that applies is committed plainly, and the same input gives the same tip', async (t) => {
  const { tree, base, run, series } = await aSeriesOfTwo(t);
  const first = await applySeries(series, tree);
  if (!first.ok) throw new Error(first.conflict.words);
  t.equal(await run('rev-parse', 'HEAD'), first.tip);
  t.equal(await run('rev-parse', 'HEAD~2'), base);
  t.strictSame(
    first.patches.map(({ number, subject, how, files }) => ({ number, subject, how, files })),
    [
      { number: 1, subject: 'one: of two', how: 'plain', files: ['file.c'] },
      { number: 2, subject: 'two: of two', how: 'plain', files: ['file.c', 'new.c'] },
    ],
  );
  t.equal(first.patches[1]?.commit, first.tip);
  t.equal(await run('log', '-1', '--format=%an %cn'), 'Ann ktrial');
  await run('reset', '-q', '--hard', base);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const second = await applySeries(series, tree);
  t.equal(second.ok && second.tip, first.tip);
  t.equal(lastPatchTouching(first.patches, 'file.c'), 2);
  t.equal(lastPatchTouching(first.patches, 'new.c'), 2);
  t.equal(lastPatchTouching(first.patches, 'other.c'), null);
});

t.test(
  "a conflict names patch, file and hunk in git's words, and the tree is back at its base",
  async (t) => {
    const { tree, base, run, edit, commit, series, state } = await aSeriesOfTwo(t);
    edit('file.c', replace('line 15', 'line XV'));
    const moved = await commit('in the way');
    edit('mine.txt', () => "the user's own\n");
    edit('mine.o', () => "the user's own\n");
    const before = await state();
    const result = await applySeries(series, tree);
    if (result.ok) throw new Error('got an applied series, expected a conflict');
    const { conflict } = result;
    t.equal(conflict.number, 2);
    t.equal(conflict.subject, 'two: of two');
    t.equal(conflict.file, 'file.c');
    t.equal(conflict.hunk, '@@ -12,7 +12,7 @@');
    t.match(conflict.words, /error: patch failed: file\.c:12\nerror: file\.c: patch does not apply/);
    t.match(conflict.words, /CONFLICT \(content\): Merge conflict in file\.c/);
    t.notMatch(conflict.words, /hint:|git am --abort/);
    t.strictSame(
      result.patches.map((patch) => patch.number),
      [1],
    );
    t.strictSame(await state(), before);
    t.not(moved, base);
    t.notOk(existsSync(join(tree, '.git/rebase-apply')));
    t.equal(readFileSync(join(tree, 'mine.txt'), 'utf8'), "the user's own\n");
    t.equal(await run('stash', 'list'), '');
  },
);

t.test('a conflict about a whole file names the file', async (t) => {
  const { tree, edit, commit, run, series, state } = await aSeriesOfTwo(t);
  edit('new.c', () => 'already here\n');
  await commit('the same name');
  let before = await state();
  let result = await applySeries(series, tree);
  t.match(result, {
    ok: false,
    conflict: { number: 2, file: 'new.c', hunk: null, words: /already exists in index/ },
  });
  t.strictSame(await state(), before);
  await run('rm', '-q', 'file.c', 'new.c');
  await commit('gone');
  before = await state();
  result = await applySeries(series, tree);
  t.match(result, { ok: false, conflict: { number: 1, file: 'file.c', words: /does not exist in index/ } });
  t.strictSame(await state(), before);
});

t.test('a patch that applies only with a merge is merged three ways, and the result says so', async (t) => {
  const { tree, edit, commit, series } = await aSeriesOfTwo(t);
  edit('file.c', (text) => replace('line 7', 'line seven')(text));
  await commit('near by');
  const result = await applySeries(series, tree);
  t.match(result, { ok: true, patches: [{ how: 'threeWay' }, { how: 'plain' }] });
  t.match(readFileSync(join(tree, 'file.c'), 'utf8'), /line five\nline 6\nline seven\n/);
});

t.test(
  'without the blobs for a merge, fewer context lines have to match, and the result says so',
  async (t) => {
    const { series } = await aSeriesOfTwo(t);
    const tree = await anotherRepository(t, LINES.join('\n').replace('line 7\n', 'line seven\n'));
    const result = await applySeries(series, tree);
    t.match(result, { ok: true, patches: [{ how: 'reducedContext' }, { how: 'plain' }] });
  },
);

t.test('a patch that is in the tree already is a conflict, and is never applied twice', async (t) => {
  const addition = async (t: Test) => {
    const repository = await aRepository(t);
    repository.edit('file.c', (text) => text.replace('line 10\n', 'line 10\nadded\n'));
    await repository.commit('add');
    return { ...repository, series: await repository.takeSeries() };
  };
  await t.test('if git can merge', async (t) => {
    const { tree, series, run, state } = await addition(t);
    await applySeries(series, tree);
    await run('tag', 'once');
    const before = await state();
    t.match(await applySeries(series, tree), {
      ok: false,
      conflict: { number: 1, words: /Patch already applied/ },
    });
    t.strictSame(await state(), before);
  });
  await t.test('if git cannot merge', async (t) => {
    const { series } = await addition(t);
    const tree = await anotherRepository(t, LINES.join('\n').replace('line 10\n', 'line 10\nadded\n'));
    t.match(await applySeries(series, tree), { ok: false, conflict: { number: 1, file: 'file.c' } });
  });
  await t.test('if git cannot merge, and reduced context would match', async (t) => {
    // With reduced context a hunk need not be at the end of the file: git would add the line a second time.
    const repository = await aRepository(t);
    repository.edit('file.c', (text) => `${text}added\n`);
    await repository.commit('add at the end');
    const series = await repository.takeSeries();
    const text = `${LINES.join('\n')}\nadded`;
    const tree = await anotherRepository(t, text);
    t.match(await applySeries(series, tree), { ok: false, conflict: { number: 1, file: 'file.c' } });
    t.equal(readFileSync(join(tree, 'file.c'), 'utf8'), `${text}\n`);
  });
});

t.test("a corrupt patch is a conflict in git's words, not a Fault", async (t) => {
  const { tree, series, state } = await aSeriesOfTwo(t);
  const [one] = series.patches;
  if (!one) throw new Error('no patch');
  const before = await state();
  const torn = {
    ...series,
    patches: [{ ...one, diff: Buffer.from(String(one.diff).replace(/^ line 8\n/m, '')) }],
  };
  t.match(await applySeries(torn, tree), {
    ok: false,
    conflict: { number: 1, words: /corrupt patch at line \d+/ },
  });
  t.strictSame(await state(), before);
});

t.test('hooks, signing and settings of the repository change nothing', async (t) => {
  const { tree, run, series } = await aSeriesOfTwo(t);
  const expected = await applySeries(series, tree);
  await run('reset', '-q', '--hard', 'HEAD~2');
  for (const hook of ['applypatch-msg', 'pre-applypatch', 'commit-msg', 'post-applypatch']) {
    writeFileSync(join(tree, '.git/hooks', hook), '#!/bin/sh\ntouch hook-ran\nexit 1\n');
    chmodSync(join(tree, '.git/hooks', hook), 0o755);
  }
  for (const setting of [
    'commit.gpgSign true',
    'am.messageid true',
    'am.threeWay true',
    'am.keepcr true',
    'core.hooksPath .git/hooks',
  ])
    await run('config', ...setting.split(' '));
  const result = await applySeries(series, tree);
  t.strictSame(result, expected);
  t.notOk(existsSync(join(tree, 'hook-ran')));
});

t.test('what a killed `git am` left is removed; uncommitted changes are a fault', async (t) => {
  const { tree, run, edit, commit, base, series } = await aSeriesOfTwo(t);
  edit('file.c', replace('line 5', 'line V'));
  await commit('in the way');
  await runGit(['am', '--patch-format=mboxrd'], { cwd: tree, input: writeSeries(series), accept: 'any' });
  t.ok(existsSync(join(tree, '.git/rebase-apply')), 'a git am is half done');
  await run('reset', '-q', '--hard', base);
  t.match(await applySeries(series, tree), { ok: true });
  edit('file.c', () => 'dirty\n');
  const error = await applySeries(series, tree).catch((thrown: unknown) => thrown);
  t.ok(isFault(error, 'SERIES_DIRTY_TREE'));
  t.equal(readFileSync(join(tree, 'file.c'), 'utf8'), 'dirty\n');
});

t.test('an abort at any moment leaves the tree at its base', async (t) => {
  const { tree, series, state } = await aSeriesOfTwo(t);
  const before = await state();
  for (const delayMs of [0, 20, 40, 60, 80, 100]) {
    const controller = new AbortController();
    const work = applySeries(series, tree, { signal: controller.signal });
    setTimeout(() => controller.abort(), delayMs);
    const outcome: unknown = await work.catch((thrown: unknown) => thrown);
    if (isFault(outcome)) t.equal(outcome.code, 'HOST_INTERRUPTED', `after ${delayMs} ms`);
    else await runGit(['reset', '-q', '--hard', before[0] ?? ''], { cwd: tree });
    t.strictSame(await state(), before);
    t.notOk(existsSync(join(tree, '.git/rebase-apply')));
  }
});

t.test('a series applies to a linked worktree like to any other', async (t) => {
  const { tree, run, series } = await aSeriesOfTwo(t);
  const linked = `${tree}-linked`;
  t.teardown(() => rmSync(linked, { recursive: true, force: true }));
  await run('worktree', 'add', '-q', '--detach', linked);
  t.match(await applySeries(series, linked), { ok: true });
  t.match(await applySeries(series, linked), { ok: false });
  t.equal((await runGit(['status', '--porcelain'], { cwd: linked })).stdout, '');
});
