// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandOptions, type CommandResult, runCommand } from '../host/index.ts';

/** Who commits in ktrial's own repositories, and when: fixed, so that the same input gives the same commit. */
const IDENTITY: Readonly<Record<string, string>> = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'ktrial',
  GIT_AUTHOR_EMAIL: 'ktrial@localhost',
  GIT_AUTHOR_DATE: '1970-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'ktrial',
  GIT_COMMITTER_EMAIL: 'ktrial@localhost',
  GIT_COMMITTER_DATE: '1970-01-01T00:00:00Z',
};

interface GitOptions {
  readonly signal?: AbortSignal;
  readonly cwd?: string;
  readonly accept?: CommandOptions['accept'];
}

/** Runs git as ktrial: fixed identity and dates, no configuration, no hooks. */
export function git(
  args: readonly string[],
  options: GitOptions = {},
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return runCommand(
    'git',
    ['-c', 'core.hooksPath=/dev/null', '-c', 'gc.auto=0', '-c', 'core.fsync=none', ...args],
    {
      env: { ...IDENTITY, ...env },
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.cwd ? { cwd: options.cwd } : {}),
      ...(options.accept ? { accept: options.accept } : {}),
    },
  );
}

/** Takes away the lock that an interrupted git left in a worktree. Only for one that nobody else works in. */
export async function freeWorktree(tree: string): Promise<void> {
  const { stdout } = await git(['rev-parse', '--path-format=absolute', '--git-path', 'index.lock'], {
    cwd: tree,
  });
  await rm(stdout.trim(), { force: true });
}

/**
 * Makes a commit of all files of a directory in a repository elsewhere; nothing is written to the directory.
 * With `ignored`, files that the directory's ignore rules name are taken too, as for an unpacked tarball.
 */
export async function commitEverything(
  repository: string,
  directory: string,
  message: string,
  options: GitOptions & { readonly ignored?: boolean },
): Promise<string> {
  const index = join(repository, 'ktrial-index');
  await rm(`${index}.lock`, { force: true });
  const where = ['--git-dir', repository, '--work-tree', directory];
  await git(
    [
      '-c',
      'core.bigFileThreshold=1',
      '-c',
      'core.compression=1',
      ...where,
      'add',
      '-A',
      ...(options.ignored ? ['-f'] : []),
      '.',
    ],
    { ...options, cwd: directory },
    { GIT_INDEX_FILE: index },
  );
  const tree = (await git([...where, 'write-tree'], options, { GIT_INDEX_FILE: index })).stdout.trim();
  const commit = (
    await git(['--git-dir', repository, 'commit-tree', tree, '-m', message], options)
  ).stdout.trim();
  await git(['--git-dir', repository, 'update-ref', `refs/ktrial/${commit}`, commit], options);
  return commit;
}
