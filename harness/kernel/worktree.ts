// SPDX-License-Identifier: MIT
import { mkdir, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, runGit } from '../host/index.ts';
import { checkOut } from './repository.ts';

export interface WorktreeRequest {
  /** The directory of the build tree: the worktree and what is built from it. */
  readonly directory: string;
  /** The worktree in it. */
  readonly tree: string;
  readonly repository: string;
  readonly commit: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/**
 * Makes the worktree of a build tree, or takes the one that is there. git and make write absolute paths: a build tree that
 * was made at another path, or for a repository elsewhere, is discarded with all that was built in it.
 */
export async function ensureWorktree(request: WorktreeRequest): Promise<void> {
  const { directory, tree, repository, commit, signal, onProgress } = request;
  const state = await inspectWorktree(tree, repository, signal);
  if (state === 'ours') return leaveLostCommit(tree, commit, signal);
  if (state === 'foreign') {
    onProgress?.(`${directory} was made at another path, or is damaged: it is discarded and made again`);
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
  }
  await rm(tree, { recursive: true, force: true });
  const git = (...args: string[]) => runGit(['--git-dir', repository, ...args], { signal });
  await git('worktree', 'prune');
  onProgress?.('checking out the source');
  await git('worktree', 'add', '-q', '--no-checkout', '--detach', '-f', '--end-of-options', tree, commit);
  await checkOut(tree, commit, { signal, onProgress });
}

/**
 * Puts the worktree at a commit by name alone where the one that it was at is gone, as after a branch of the repository that
 * it is borrowed from was deleted and pruned. What was checked out and built stays.
 */
async function leaveLostCommit(tree: string, commit: string, signal: AbortSignal | undefined): Promise<void> {
  const inTree = (...args: string[]) => runGit(args, { signal, cwd: tree, accept: 'any' });
  if ((await inTree('cat-file', '-e', 'HEAD^{tree}')).exitCode === 0) return;
  await inTree('update-ref', '--no-deref', 'HEAD', commit);
}

/** Whether a directory is a worktree of this repository, and the repository knows it by this path. */
async function inspectWorktree(
  tree: string,
  repository: string,
  signal: AbortSignal | undefined,
): Promise<'ours' | 'foreign' | 'absent'> {
  if (!(await exists(tree))) return 'absent';
  const { exitCode, stdout } = await runGit(
    ['rev-parse', '--path-format=absolute', '--git-dir', '--git-common-dir'],
    { signal, cwd: tree, accept: 'any' },
  );
  const [own = '', common = ''] = stdout.split('\n');
  if (exitCode !== 0 || !(await exists(join(tree, '.git')))) return 'foreign';
  const link = (await readFile(join(own, 'gitdir'), 'utf8').catch(() => '')).trim();
  const isOurs = (await isSame(common, repository)) && (await isSame(link, join(tree, '.git')));
  return isOurs ? 'ours' : 'foreign';
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => realpath(path).catch(() => null)));
  return first !== null && first === second;
}
