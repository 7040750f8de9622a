// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runGit } from '../host/index.ts';

/** The author of commits that ktrial itself makes: fixed, so that the same input gives the same commit. */
const AUTHOR: Readonly<Record<string, string>> = {
  GIT_AUTHOR_NAME: 'ktrial',
  GIT_AUTHOR_EMAIL: 'ktrial@localhost',
  GIT_AUTHOR_DATE: '1970-01-01T00:00:00Z',
};

/** Removes the lock that an interrupted git left in a worktree. Only for a worktree that nobody else uses. */
export async function freeWorktree(tree: string): Promise<void> {
  const { stdout } = await runGit(['rev-parse', '--path-format=absolute', '--git-path', 'index.lock'], {
    cwd: tree,
  });
  await rm(stdout.trim(), { force: true });
}

/** Checks a commit out into a worktree that nobody else uses, whatever an interrupted git left there. */
export async function checkOut(tree: string, commit: string, signal?: AbortSignal): Promise<void> {
  await freeWorktree(tree);
  await runGit(['am', '--abort'], { signal, cwd: tree, accept: 'any' });
  await runGit(['checkout', '-q', '--detach', '-f', commit], { signal, cwd: tree });
  await runGit(['clean', '-q', '-fdx'], { signal, cwd: tree });
}

/**
 * Commits all files of a directory to a repository elsewhere, and writes nothing to the directory. With `ignored`, files
 * that its ignore rules name are included, as for an unpacked tarball.
 */
export async function commitDirectory(
  repository: string,
  directory: string,
  message: string,
  options: { readonly signal?: AbortSignal | undefined; readonly ignored?: boolean },
): Promise<string> {
  const { signal } = options;
  const index = join(repository, 'ktrial-index');
  await rm(`${index}.lock`, { force: true });
  const at = ['--git-dir', repository, '--work-tree', directory];
  const env = { GIT_INDEX_FILE: index };
  // Files above the threshold are streamed into one pack: much faster than a loose object for each of 70,000 files.
  const fast = ['-c', 'core.bigFileThreshold=1', '-c', 'core.compression=1'];
  const all = ['add', '-A', ...(options.ignored ? ['-f'] : []), '.'];
  await runGit([...fast, ...at, ...all], { signal, cwd: directory, env });
  const tree = (await runGit([...at, 'write-tree'], { signal, env })).stdout.trim();
  const commit = (
    await runGit(['--git-dir', repository, 'commit-tree', tree, '-m', message], { signal, env: AUTHOR })
  ).stdout.trim();
  await runGit(['--git-dir', repository, 'update-ref', `refs/ktrial/${commit}`, commit], { signal });
  return commit;
}
