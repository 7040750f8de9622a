// SPDX-License-Identifier: MIT
import { copyFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, type Repository, runGit } from '../host/index.ts';
import { requireSourceTree } from './archive-source.ts';
import { borrow, isBorrowing } from './borrowed-source.ts';
import { commitDirectory, indexOf, initRepository } from './repository.ts';
import type { SourceOptions } from './source-options.ts';

/**
 * Commits the content of a source directory to the cache's repository and returns the commit. Where the directory is the
 * top of a git repository, its objects are borrowed and its index says which files are known: only the others are read.
 */
export async function readDirectory(
  directory: string,
  lender: Repository | null,
  repository: string,
  options: SourceOptions,
): Promise<string> {
  const { signal } = options;
  await requireSourceTree(directory);
  options.onProgress?.(`reading ${directory}`);
  if (lender !== null) await borrow(lender, repository, signal);
  // What was borrowed from a repository that is not there any more cannot be read.
  else if (await isBorrowing(repository)) await rm(repository, { recursive: true, force: true });
  await initRepository(repository, signal);
  if (lender !== null) await takeIndex(lender, directory, repository, signal);
  return commitDirectory(repository, directory, `kernel source in ${directory}`, { signal });
}

/** Begins with the index of the user's worktree, unless it hides what is in the directory. */
async function takeIndex(
  lender: Repository,
  directory: string,
  repository: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [index, theirs] = [indexOf(repository), join(lender.own, 'index')];
  if ((await exists(index)) || !(await exists(theirs))) return;
  const { atime, mtime } = await stat(theirs);
  await copyFile(theirs, index);
  // git looks again at files that are not older than the index.
  await utimes(index, atime, mtime);
  const { exitCode, stdout } = await runGit(
    ['--git-dir', repository, '--work-tree', directory, 'ls-files', '-v'],
    { signal, cwd: directory, accept: 'any', env: { GIT_INDEX_FILE: index } },
  );
  // A lower-case letter or S marks a file that git does not look at; another part of a split index is elsewhere.
  if (exitCode !== 0 || /^[a-zS] /m.test(stdout)) await rm(index);
}
