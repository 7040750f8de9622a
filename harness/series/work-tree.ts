// SPDX-License-Identifier: MIT
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, makeScratch, openRepository, type Repository, type runGit } from '../host/index.ts';
import { Fault, type Limits, type Patch, type Series } from '../model/index.ts';
import { readSeries } from './read.ts';
import { chooseUpstream, type Upstream } from './upstream.ts';

/** A checked-out repository of the user's, open for reading: its branch, and what is not committed yet. */
export interface WorkTree {
  /** Its top directory. */
  readonly top: string;
  readonly isShallow: boolean;
  /** The commit that is checked out. */
  readonly head: string;
  /** The branch that is checked out, or null. */
  readonly branch: string | null;
  /** `head`, or a commit of ours on top of it with the changes of tracked files that are not committed. */
  readonly tip: string;
  /** The tracked files that differ from `head`. */
  readonly uncommitted: readonly string[];
  /** Runs git on its objects and references, those of `tip` included. */
  ask(...args: readonly string[]): ReturnType<typeof runGit>;
  /** The commit that a name stands for; null where there is none. */
  resolve(name: string): Promise<string | null>;
  /** What the branch is compared with. Faults of `chooseUpstream`. */
  chooseUpstream(): Promise<Upstream>;
  /** Commits as a series. Faults of `readSeries`. */
  readSeries(range: string, origin: string, limits: Limits): Promise<Series>;
  /** The tree that a commit becomes with these diffs; null where one does not apply. */
  applyDiffs(commit: string, patches: readonly Pick<Patch, 'diff'>[]): Promise<string | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

const AUTHOR: Readonly<Record<string, string>> = {
  GIT_AUTHOR_NAME: 'ktrial',
  GIT_AUTHOR_EMAIL: 'ktrial@localhost',
  GIT_AUTHOR_DATE: '1970-01-01T00:00:00Z',
};

/**
 * Opens the working tree that a directory is in. Nothing is written to it: its index is copied, and a commit of what is not
 * committed yet is in a temporary directory. Faults (request): those of `openRepository`, `SERIES_NO_WORK_TREE`,
 * `SERIES_UNMERGED`.
 */
export async function openWorkTree(directory: string, signal?: AbortSignal): Promise<WorkTree> {
  const repository = await openRepository(directory, signal);
  try {
    const { top } = repository;
    if (top === null)
      throw new Fault({
        blame: 'request',
        code: 'SERIES_NO_WORK_TREE',
        message: `${directory} is a bare repository, expected one with its files checked out`,
        next: 'name the series and the kernel: ktrial run A..B --kernel NAME',
      });
    return await open(repository, top);
  } catch (error) {
    await repository[Symbol.asyncDispose]();
    throw error;
  }
}

async function open(repository: Repository, top: string): Promise<WorkTree> {
  const resolve = async (name: string) => {
    const { exitCode, stdout } = await repository.ask(
      ...['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`],
    );
    return exitCode === 0 ? stdout.trim() : null;
  };
  const head = await resolve('HEAD');
  if (head === null)
    throw new Fault({
      blame: 'request',
      code: 'SERIES_NO_WORK_TREE',
      message: `${top} has no commit yet`,
      next: 'commit the source: git add . && git commit',
    });
  const scratch = await makeScratch('work-tree');
  try {
    const { env, tip, uncommitted } = await commitChanges(repository, top, head, scratch.path);
    const ask = (...args: readonly string[]) => repository.askIn({ env }, ...args);
    const { isShallow, isPartial } = repository;
    const named = await repository.ask('symbolic-ref', '--quiet', '--short', 'HEAD');
    const branch = named.exitCode === 0 ? named.stdout.trim() : null;
    return {
      top,
      isShallow,
      head,
      branch,
      tip,
      uncommitted,
      ask,
      resolve,
      chooseUpstream: () =>
        chooseUpstream({ ask, resolve, top, head, branch, isShallow, hasChanges: tip !== head }),
      readSeries: async (range, origin, limits) => ({
        ...(await readSeries(
          { kind: 'range', repository: top, range, opened: { ask, isShallow, isPartial } },
          { limits },
        )),
        origin,
      }),
      async applyDiffs(commit, patches) {
        const index = { ...env, GIT_INDEX_FILE: join(scratch.path, 'applied') };
        const file = join(scratch.path, 'diff');
        const read = await repository.askIn({ env: index }, 'read-tree', commit);
        if (read.exitCode !== 0) return null;
        for (const { diff } of patches) {
          await writeFile(file, diff);
          const applied = await repository.askIn({ env: index }, 'apply', '--cached', '-3', file);
          if (applied.exitCode !== 0) return null;
        }
        const { exitCode, stdout } = await repository.askIn({ env: index }, 'write-tree');
        return exitCode === 0 ? stdout.trim() : null;
      },
      async [Symbol.asyncDispose]() {
        await scratch[Symbol.asyncDispose]();
        await repository[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}

/** Commits the changes of tracked files to objects in a directory of ours. */
async function commitChanges(repository: Repository, top: string, head: string, directory: string) {
  const objects = join(directory, 'objects');
  const index = join(directory, 'index');
  await mkdir(objects);
  const user = await repository.ask('rev-parse', '--path-format=absolute', '--git-path', 'objects');
  const env = {
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: user.stdout.trim(),
    GIT_INDEX_FILE: index,
    GIT_OPTIONAL_LOCKS: '1',
  };
  const inTree = (...args: string[]) =>
    repository.askIn({ cwd: top, env: { ...env, GIT_WORK_TREE: top } }, ...args);
  const ours = join(repository.own, 'index');
  if (await exists(ours)) await copyFile(ours, index);
  // Adding a file resolves its conflict.
  const unmerged = (await inTree('ls-files', '--unmerged')).stdout;
  let added = await inTree('add', '--update', '--', '.');
  if (added.exitCode !== 0) {
    // A split index has a part elsewhere: it is made again, which reads all files.
    await inTree('read-tree', 'HEAD');
    added = await inTree('add', '--update', '--', '.');
  }
  const written = await inTree('write-tree');
  if (added.exitCode !== 0 || written.exitCode !== 0 || unmerged !== '')
    throw new Fault({
      blame: 'request',
      code: 'SERIES_UNMERGED',
      message:
        unmerged === ''
          ? `git cannot read the changes in ${top}`
          : `${top} has conflicts that are not resolved`,
      details: (added.stderr + written.stderr).trim().split('\n').slice(0, 5),
      next: 'resolve them (git status shows them), or name what to put on trial: ktrial run A..B',
    });
  const tree = written.stdout.trim();
  const names = await inTree('diff-tree', '-r', '-z', '--name-only', '--no-renames', head, tree);
  const uncommitted = names.stdout.split('\0').filter((name) => name !== '');
  if (uncommitted.length === 0) return { env, tip: head, uncommitted };
  const message = 'changes that are not committed';
  const made = await repository.askIn(
    { env: { ...env, ...AUTHOR } },
    ...['commit-tree', tree, '-p', head, '-m', message],
  );
  return { env, tip: made.stdout.trim(), uncommitted };
}
