// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runGit } from '../host/index.ts';
import { DEFAULT_LIMITS } from '../model/index.ts';
import { openWorkTree } from './index.ts';

t.setTimeout(240_000);

const IDENTITY = [
  '-c',
  'user.name=Ann',
  '-c',
  'user.email=ann@example.org',
  '-c',
  'protocol.file.allow=always',
];

async function git(directory: string, ...args: string[]): Promise<string> {
  const env = { GIT_COMMITTER_DATE: '2024-01-01T00:00:00Z' };
  return (await runGit([...IDENTITY, ...args], { cwd: directory, env })).stdout.trim();
}

async function commit(directory: string, text: string, message: string): Promise<string> {
  writeFileSync(join(directory, 'drivers/a.c'), text);
  await git(directory, 'commit', '-qam', message);
  return git(directory, 'rev-parse', 'HEAD');
}

/** A repository `origin` with three commits on `main`, the second with the tag v1, and a clone of it. */
async function aClone(test: Pick<typeof t, 'testdir'>, ...options: string[]) {
  const directory = test.testdir({
    origin: { drivers: { 'a.c': 'one\n' }, 'b.c': 'b\n', '.gitignore': '*.o\n' },
  });
  const origin = join(directory, 'origin');
  await git(origin, 'init', '-q', '-b', 'main');
  await git(origin, 'add', '.');
  await git(origin, 'commit', '-qm', 'base');
  await commit(origin, 'two\n', 'two');
  await git(origin, 'tag', 'v1');
  const tip = await commit(origin, 'three\n', 'three');
  const clone = join(directory, 'clone');
  await git(directory, 'clone', '-q', ...options, `file://${origin}`, clone);
  return { directory, origin, clone, tip };
}

/** The series that a directory's branch is, by subjects, and what was said of its base. */
async function branchOf(directory: string) {
  await using tree = await openWorkTree(directory);
  const { base, name, passedOver } = await tree.chooseUpstream();
  const series = await tree.readSeries(`${base}..${tree.tip}`, 'the branch', DEFAULT_LIMITS);
  return {
    base,
    name,
    passedOver,
    subjects: series.patches.map((patch) => patch.subject),
    origin: series.origin,
  };
}

t.test('a branch is compared with its upstream', async (t) => {
  const { clone, tip } = await aClone(t);
  await git(clone, 'checkout', '-q', '-b', 'fix', '--track', 'origin/main');
  await commit(clone, 'four\n', 'four');
  await commit(clone, 'five\n', 'five');
  t.match(await branchOf(clone), {
    base: tip,
    name: 'origin/main',
    passedOver: [],
    subjects: ['four', 'five'],
    origin: 'the branch',
  });
  t.match(
    await branchOf(join(clone, 'drivers')),
    { base: tip, subjects: ['four', 'five'] },
    'from a subdirectory',
  );
});

t.test(
  'a branch without an upstream is compared with the usual names, and what was looked for is told',
  async (t) => {
    const { clone, tip } = await aClone(t);
    await git(clone, 'checkout', '-q', '-b', 'fix');
    await commit(clone, 'four\n', 'four');
    t.match(await branchOf(clone), {
      base: tip,
      name: 'origin/HEAD',
      passedOver: ['the upstream of fix: none is set'],
      subjects: ['four'],
    });
    await git(clone, 'remote', 'remove', 'origin');
    t.match(await branchOf(clone), { base: tip, name: 'main', subjects: ['four'] });
  },
);

t.test('HEAD on no branch, and a linked worktree, are read as any other', async (t) => {
  const { directory, clone, tip } = await aClone(t);
  await git(clone, 'checkout', '-q', '--detach');
  await commit(clone, 'four\n', 'four');
  t.match(await branchOf(clone), {
    base: tip,
    passedOver: ['an upstream: HEAD is on no branch'],
    subjects: ['four'],
  });
  const linked = join(directory, 'linked');
  await git(clone, 'worktree', 'add', '-q', '-b', 'other', linked, 'origin/main');
  await commit(linked, 'five\n', 'five');
  await git(linked, 'branch', '-q', '--unset-upstream');
  writeFileSync(join(linked, 'b.c'), 'changed\n');
  t.match(await branchOf(linked), { base: tip, subjects: ['five', 'changes that are not committed'] });
});

t.test('a pushed branch is compared with what it came from', async (t) => {
  const { clone, tip } = await aClone(t);
  await git(clone, 'checkout', '-q', '-b', 'fix');
  await commit(clone, 'four\n', 'four');
  await git(clone, 'push', '-q', '-u', 'origin', 'fix');
  t.match(await branchOf(clone), {
    base: tip,
    name: 'origin/HEAD',
    passedOver: ['origin/fix: it has everything that HEAD has'],
    subjects: ['four'],
  });
});

t.test('the newest tag is taken where no branch is known, and its absence is told', async (t) => {
  const { origin } = await aClone(t);
  const v1 = await git(origin, 'rev-parse', 'v1');
  t.match(await branchOf(origin), { base: v1, name: 'the tag v1', subjects: ['three'] });
  await git(origin, 'tag', '-d', 'v1');
  await t.rejects(branchOf(origin), {
    blame: 'request',
    code: 'SERIES_NO_UPSTREAM',
    details: [
      'looked for the upstream of main: none is set',
      'looked for origin/HEAD: there is none',
      'looked for origin/master: there is none',
      'looked for origin/main: there is none',
      'looked for master: there is none',
      'looked for a tag v*: none is below HEAD',
    ],
    next: /--base COMMIT/,
  });
});

t.test('a branch with nothing new is refused, unless a tracked file is changed', async (t) => {
  const { clone, tip } = await aClone(t);
  await t.rejects(branchOf(clone), {
    code: 'SERIES_NOTHING_NEW',
    message: /origin\/main has every commit of HEAD, and no tracked file is changed/,
  });
  writeFileSync(join(clone, 'new.c'), 'nobody knows me\n');
  await t.rejects(branchOf(clone), { code: 'SERIES_NOTHING_NEW' }, 'an untracked file is no change');
  writeFileSync(join(clone, 'b.c'), 'changed\n');
  t.match(await branchOf(clone), { base: tip, subjects: ['changes that are not committed'] });
});

t.test('a shallow clone has a base where its history has one, else says how to get it', async (t) => {
  const { clone, tip } = await aClone(t, '--depth', '1');
  await git(clone, 'checkout', '-q', '-b', 'fix');
  await commit(clone, 'four\n', 'four');
  t.match(await branchOf(clone), { base: tip, subjects: ['four'] });
  await git(clone, 'remote', 'remove', 'origin');
  await git(clone, 'branch', '-q', '-D', 'main');
  await t.rejects(branchOf(clone), { code: 'SERIES_NO_UPSTREAM', next: /git fetch --unshallow/ });
});

t.test(
  'changes of tracked files, staged or not, are one commit of ours, and the tree stays as it is',
  async (t) => {
    const { clone } = await aClone(t);
    writeFileSync(join(clone, 'b.c'), 'changed\n');
    writeFileSync(join(clone, 'drivers/a.c'), 'staged\n');
    mkdirSync(join(clone, 'added'));
    writeFileSync(join(clone, 'added/c.c'), 'added\n');
    writeFileSync(join(clone, 'untracked.c'), 'untracked\n');
    await git(clone, 'add', 'drivers/a.c', 'added/c.c');
    const stateOf = async () => ({
      status: await git(clone, 'status', '--porcelain'),
      index: createHash('sha256')
        .update(readFileSync(join(clone, '.git/index')))
        .digest('hex'),
      objects: await git(clone, 'count-objects', '-v'),
    });
    const before = await stateOf();
    await using tree = await openWorkTree(clone);
    t.strictSame(tree.uncommitted, ['added/c.c', 'b.c', 'drivers/a.c']);
    const series = await tree.readSeries(`${tree.head}..${tree.tip}`, 'here', DEFAULT_LIMITS);
    t.strictSame(
      series.patches.map(({ subject, files }) => [subject, [...files].sort()]),
      [['changes that are not committed', ['added/c.c', 'b.c', 'drivers/a.c']]],
    );
    t.strictSame(await stateOf(), before, 'nothing was written to it');
  },
);

t.test('the same changes are the same series', async (t) => {
  const { clone } = await aClone(t);
  writeFileSync(join(clone, 'b.c'), 'changed\n');
  const digests: string[] = [];
  for (let run = 0; run < 2; run += 1) {
    await using tree = await openWorkTree(clone);
    digests.push((await tree.readSeries(`${tree.head}..${tree.tip}`, 'here', DEFAULT_LIMITS)).digest);
  }
  t.equal(digests[0], digests[1]);
});

t.test('a conflict that is not resolved is refused', async (t) => {
  const { clone } = await aClone(t);
  await git(clone, 'checkout', '-q', '-b', 'fix', 'HEAD~1');
  await commit(clone, 'mine\n', 'mine');
  await runGit([...IDENTITY, 'merge', 'origin/main'], { cwd: clone, accept: 'any' });
  await t.rejects(openWorkTree(clone), {
    blame: 'request',
    code: 'SERIES_UNMERGED',
    message: /has conflicts that are not resolved/,
  });
});

t.test('a split index is read as well', async (t) => {
  const { clone } = await aClone(t);
  await git(clone, 'update-index', '--split-index');
  writeFileSync(join(clone, 'b.c'), 'changed\n');
  await using tree = await openWorkTree(clone);
  t.strictSame(tree.uncommitted, ['b.c']);
});

t.test('nothing that the repository configures is run', async (t) => {
  const { clone } = await aClone(t);
  const mark = join(clone, 'ran');
  writeFileSync(join(clone, '.gitattributes'), '*.c filter=evil\n');
  await git(clone, 'config', 'filter.evil.clean', `touch ${mark}; cat`);
  await git(clone, 'config', 'core.fsmonitor', `touch ${mark}`);
  writeFileSync(join(clone, 'b.c'), 'changed\n');
  await using tree = await openWorkTree(clone);
  t.strictSame(tree.uncommitted, ['b.c']);
  t.throws(() => readFileSync(mark), { code: 'ENOENT' });
});

t.test('a bare repository, and one without a commit, have no working tree', async (t) => {
  const { directory, origin } = await aClone(t);
  const bare = join(directory, 'bare.git');
  await git(directory, 'clone', '-q', '--bare', `file://${origin}`, bare);
  await t.rejects(openWorkTree(bare), { code: 'SERIES_NO_WORK_TREE', message: /is a bare repository/ });
  const empty = join(directory, 'empty');
  await git(directory, 'init', '-q', empty);
  await t.rejects(openWorkTree(empty), { code: 'SERIES_NO_WORK_TREE', message: /has no commit yet/ });
});

t.test('a series is applied to objects of ours, and where it does not fit nothing is known', async (t) => {
  const { clone } = await aClone(t);
  await git(clone, 'checkout', '-q', '-b', 'fix');
  await commit(clone, 'four\n', 'four');
  await using tree = await openWorkTree(clone);
  const series = await tree.readSeries('main..HEAD', 'here', DEFAULT_LIMITS);
  const applied = await tree.applyDiffs('main', series.patches);
  t.equal((await tree.ask('cat-file', 'blob', `${applied}:drivers/a.c`)).stdout, 'four\n');
  t.equal(await tree.applyDiffs('HEAD~3', series.patches), null);
});
