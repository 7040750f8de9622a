// SPDX-License-Identifier: MIT
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { digestFile, runCommand, runGit } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import type { KernelDefinition } from './definition.ts';
import type { KernelSource } from './definition-schema.ts';
import { freeWorktree } from './repository.ts';
import { fetchSource } from './source.ts';

function aDefinition(source: KernelSource): KernelDefinition {
  return {
    name: 'small',
    description: 'a tree of three files',
    arch: 'x86_64',
    source,
    config: { base: 'allnoconfig', file: null, fragments: [], options: {} },
    toolchain: 'gcc',
    patches: [],
    modules: true,
    path: 'small.yaml',
  };
}

/** A tree with the file by which a Linux source is recognised. */
function makeTree(directory: string): string {
  const tree = join(directory, 'linux');
  mkdirSync(join(tree, 'drivers'), { recursive: true });
  writeFileSync(join(tree, 'Kbuild'), '# top\n');
  writeFileSync(join(tree, '.gitignore'), '*.o\n');
  writeFileSync(join(tree, 'drivers/x.c'), 'int x;\n');
  return tree;
}

const AUTHOR = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org'];

function git(args: readonly string[], options: { readonly cwd?: string } = {}) {
  return runGit([...AUTHOR, ...args], options);
}

async function showFile(repository: string, commit: string, path: string): Promise<string> {
  return (await git(['--git-dir', repository, 'show', `${commit}:${path}`])).stdout;
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Fault) return error;
  throw new Error(`no fault: ${String(error)}`);
}

t.test(
  'a directory is committed without the files that it ignores, and nothing is written to it',
  async (t) => {
    const directory = t.testdir();
    const tree = makeTree(directory);
    writeFileSync(join(tree, 'drivers/x.o'), 'built');
    const options = { cacheDirectory: join(directory, 'cache') };
    const first = await fetchSource(aDefinition({ directory: tree }), options);
    t.equal(await showFile(first.repository, first.commit, 'drivers/x.c'), 'int x;\n');
    await t.rejects(showFile(first.repository, first.commit, 'drivers/x.o'));
    t.strictSame(readdirSync(tree).sort(), ['.gitignore', 'Kbuild', 'drivers']);
    const same = await fetchSource(aDefinition({ directory: tree }), options);
    t.equal(same.commit, first.commit, 'the same content is the same commit');
    writeFileSync(join(tree, 'drivers/x.c'), 'int y;\n');
    const changed = await fetchSource(aDefinition({ directory: tree }), options);
    t.equal(await showFile(changed.repository, changed.commit, 'drivers/x.c'), 'int y;\n');
  },
);

t.test('a ref of a git repository is fetched, and the checkout there is not changed', async (t) => {
  const directory = t.testdir();
  const tree = makeTree(directory);
  await git(['init', '-q', '-b', 'main', tree]);
  await git(['add', '-A'], { cwd: tree });
  await git(['commit', '-q', '-m', 'one'], { cwd: tree });
  await git(['tag', 'v1'], { cwd: tree });
  writeFileSync(join(tree, 'drivers/x.c'), 'int uncommitted;\n');
  const source = await fetchSource(aDefinition({ git: { repository: tree, ref: 'v1' } }), {
    cacheDirectory: join(directory, 'cache'),
  });
  t.equal(await showFile(source.repository, source.commit, 'drivers/x.c'), 'int x;\n');
  t.match((await git(['status', '--porcelain'], { cwd: tree })).stdout, /^ M drivers\/x\.c\n$/);
  t.equal((await git(['worktree', 'list'], { cwd: tree })).stdout.trim().split('\n').length, 1);
  const fault = await faultOf(
    fetchSource(aDefinition({ git: { repository: tree, ref: 'v9' } }), {
      cacheDirectory: join(directory, 'cache'),
    }),
  );
  t.strictSame([fault.code, fault.blame], ['KERNEL_NO_SOURCE', 'request']);
});

t.test('a tarball is unpacked, with its ignored files, when its digest is right', async (t) => {
  const directory = t.testdir();
  const tree = makeTree(directory);
  writeFileSync(join(tree, 'drivers/blob.o'), 'shipped');
  const tarball = join(directory, 'linux.tar.gz');
  await runCommand('tar', ['-czf', tarball, '-C', directory, 'linux']);
  const options = { cacheDirectory: join(directory, 'cache') };
  const sha256 = await digestFile(tarball);
  const source = await fetchSource(aDefinition({ tarball: { location: tarball, sha256 } }), options);
  t.equal(await showFile(source.repository, source.commit, 'drivers/blob.o'), 'shipped');
  const wrong = await faultOf(
    fetchSource(aDefinition({ tarball: { location: tarball, sha256: '0'.repeat(64) } }), options),
  );
  t.equal(wrong.code, 'KERNEL_WRONG_DIGEST');
  t.match(wrong.message, sha256);
});

t.test('a directory that is not a Linux source tree is refused', async (t) => {
  const directory = t.testdir();
  const fault = await faultOf(
    fetchSource(aDefinition({ directory }), { cacheDirectory: join(directory, 'cache') }),
  );
  t.strictSame([fault.code, fault.blame], ['KERNEL_NO_SOURCE', 'request']);
});

t.test('the index lock of an interrupted git does not block the next checkout', async (t) => {
  const directory = t.testdir();
  const tree = makeTree(directory);
  await git(['init', '-q', tree]);
  await git(['add', '-A'], { cwd: tree });
  await git(['commit', '-q', '-m', 'first'], { cwd: tree });
  const worktree = join(directory, 'worktree');
  await git(['worktree', 'add', '-q', '--detach', worktree], { cwd: tree });
  writeFileSync(join(tree, '.git/worktrees/worktree/index.lock'), '');
  await t.rejects(git(['checkout', '-q', '--detach', '-f', 'HEAD'], { cwd: worktree }));
  await freeWorktree(worktree);
  await git(['checkout', '-q', '--detach', '-f', 'HEAD'], { cwd: worktree });
  t.strictSame(readdirSync(worktree).sort(), ['.git', '.gitignore', 'Kbuild', 'drivers']);
});
