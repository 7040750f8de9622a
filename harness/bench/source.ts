// SPDX-License-Identifier: MIT
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../host/index.ts';
import { openBuildTree, readKernelDefinition } from '../kernel/index.ts';
import type { Bench } from './figure.ts';
import type { Lab } from './lab.ts';

/** As many objects as the full history of the kernel has, in bytes. */
const OBJECT_BYTES = 2_000_000_000;

/** What ktrial says once a source is checked out. */
const READY = 'settling the configuration';

/**
 * A user's repository with 2 GB of objects: the tree of the kernel that is measured with, and random bytes in one pack. It is
 * borrowed into an empty cache.
 */
export const sourceBench: Bench = {
  gauges: [
    { name: 'source.firstWord', unit: 'ms', title: 'until ktrial says what it does' },
    { name: 'source.found', unit: 's', title: 'until all objects of the commit were found' },
    { name: 'source.ready', unit: 's', title: 'until the commit is checked out, the cache empty' },
    { name: 'source.next', unit: 's', title: 'the same for a commit on top of it' },
    { name: 'source.growth', unit: '%', title: "what the cache's sources take of the repository's size" },
  ],
  async measure(lab, take) {
    const repository = await makeRepository(lab);
    const size = await sizeOf(join(repository, 'objects'));
    for (let round = lab.count(3); round > 0; round -= 1) {
      const cache = join(lab.scratch, 'borrowing');
      try {
        const branch = `round-${round}`;
        await git(lab, repository, 'branch', '-f', branch, 'base');
        const first = await prepare(lab, repository, branch, cache);
        const files = (await git(lab, repository, 'ls-tree', '-r', '--name-only', branch)).split('\n').length;
        const of = `${(size / 1e9).toFixed(2)} GB of objects, ${files} files`;
        take('source.firstWord', first.firstMs, of);
        take('source.found', first.foundMs / 1000, of);
        take('source.ready', first.readyMs / 1000, of);
        await commitFile(lab, repository, branch, 'MAINTAINERS', `${round} ${Date.now()}\n`);
        take('source.next', (await prepare(lab, repository, branch, cache)).readyMs / 1000, of);
        take('source.growth', (100 * (await sizeOf(join(cache, 'sources')))) / size, of);
      } finally {
        await rm(cache, { recursive: true, force: true });
      }
    }
  },
};

/** Clones the source of the lab's kernel as a user would have it, and adds random bytes to it. Returns a bare repository. */
async function makeRepository(lab: Lab): Promise<string> {
  const repository = await cloneSource(lab, 'history.git');
  const missing = OBJECT_BYTES - (await sizeOf(join(repository, 'objects')));
  const blobs = Math.max(0, Math.ceil(missing / 2 ** 20));
  lab.say(`making a repository of 2 GB: ${blobs} MiB of random bytes`);
  const pour = `for ((i = 0; i < ${blobs}; i++)); do printf 'blob\\ndata 1048576\\n'; head -c 1048576 /dev/urandom; echo; done`;
  await runCommand(
    'bash',
    ['-c', `${pour} | git --git-dir "$0" -c core.compression=0 fast-import --quiet --depth=0`, repository],
    { signal: lab.signal },
  );
  return repository;
}

/** Makes a user's bare repository of the source of the lab's kernel, with the branch `base`. */
export async function cloneSource(lab: Lab, name: string, kernelName = lab.kernelName): Promise<string> {
  await using buildTree = await lab.openBuildTree(kernelName);
  const repository = join(lab.scratch, name);
  const common = ['rev-parse', '--path-format=absolute', '--git-common-dir'];
  const { stdout } = await runCommand('git', common, { cwd: buildTree.tree, signal: lab.signal });
  // Objects on the same disk are linked.
  await runCommand('git', ['clone', '-q', '--bare', stdout.trim(), repository], { signal: lab.signal });
  await git(lab, repository, 'fetch', '-q', stdout.trim(), buildTree.baseCommit);
  await git(lab, repository, 'branch', 'base', buildTree.baseCommit);
  return repository;
}

/** Adds a commit to a branch that appends a text to a file, without any worktree. */
export async function commitFile(
  lab: Lab,
  repository: string,
  branch: string,
  file: string,
  text: string,
): Promise<void> {
  const env = { GIT_INDEX_FILE: join(lab.scratch, 'index') };
  const path = join(lab.scratch, 'file');
  const old = await runCommand('git', ['--git-dir', repository, 'show', `${branch}:${file}`]);
  await writeFile(path, `${old.stdout}${text}`);
  const blob = await git(lab, repository, 'hash-object', '-w', '--', path);
  const inIndex = async (...args: string[]) =>
    (await runCommand('git', ['--git-dir', repository, ...args], { env })).stdout.trim();
  await inIndex('read-tree', branch);
  await inIndex('update-index', '--cacheinfo', `100644,${blob},${file}`);
  const tree = await inIndex('write-tree');
  const author = ['-c', 'user.name=ktrial', '-c', 'user.email=ktrial@localhost'];
  const commit = await git(lab, repository, ...author, 'commit-tree', '-p', branch, '-m', 'a line', tree);
  await git(lab, repository, 'update-ref', `refs/heads/${branch}`, commit);
}

async function git(lab: Lab, repository: string, ...args: string[]): Promise<string> {
  const { signal } = lab;
  return (await runCommand('git', ['--git-dir', repository, ...args], { signal })).stdout.trim();
}

/** Writes a kernel definition that is the lean kernel's, with a user's repository as its source. */
export async function writeDefinition(lab: Lab, repository: string, ref: string): Promise<string> {
  const path = join(lab.scratch, 'own.yaml');
  const text = `name: bench-own
description: a repository of one's own
extends: smoke-5.10
source:
  git: {repository: ${repository}, ref: ${ref}}
`;
  await writeFile(path, text);
  return path;
}

/** Opens a build tree until its source is checked out; times are from the start. */
async function prepare(lab: Lab, repository: string, ref: string, cacheDirectory: string) {
  const path = await writeDefinition(lab, repository, ref);
  const definition = await readKernelDefinition(path, join(lab.root, 'kernels'));
  await mkdir(cacheDirectory, { recursive: true });
  const stop = new AbortController();
  const startedAt = performance.now();
  const times = new Map<string, number>();
  const onProgress = (text: string) => {
    const ms = performance.now() - startedAt;
    if (!times.has('first')) times.set('first', ms);
    if (text === 'checking out the source') times.set('found', ms);
    if (text !== READY) return;
    times.set('ready', ms);
    stop.abort();
  };
  const signal = AbortSignal.any([lab.signal, stop.signal]);
  try {
    await using _tree = await openBuildTree(definition, { cacheDirectory, signal, onProgress });
  } catch (error) {
    if (!times.has('ready')) throw error;
  }
  return {
    firstMs: times.get('first') ?? 0,
    foundMs: times.get('found') ?? 0,
    readyMs: times.get('ready') ?? 0,
  };
}

async function sizeOf(directory: string): Promise<number> {
  const { stdout } = await runCommand('du', ['-s', '--block-size=1', directory]);
  return Number(stdout.split('\t')[0]);
}
