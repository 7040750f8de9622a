// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type GitOptions, runGit } from '../host/index.ts';
import { Fault } from '../model/index.ts';

/** A git worktree that patches are applied to, and the way back to its base. */
export interface Checkout {
  run(args: readonly string[], more?: GitOptions): ReturnType<typeof runGit>;
  readHead(): Promise<string>;
  /** Ends a started `git am` and resets the tree to a commit, by default the base. Untracked files of the user stay. */
  restore(commit?: string): Promise<void>;
}

/**
 * Takes a worktree at its present commit, the base. What a killed `git am` left there is removed. Fault
 * `SERIES_DIRTY_TREE` (blame lab) for uncommitted changes.
 */
export async function openCheckout(tree: string, signal?: AbortSignal): Promise<Checkout> {
  const run = (args: readonly string[], more: GitOptions = {}) =>
    runGit(args, { cwd: tree, signal, ...more });
  const readHead = async () => (await run(['rev-parse', '--verify', 'HEAD'])).stdout.trim();
  const listUntracked = async (more: GitOptions = {}) =>
    (await run(['ls-files', '--others', '-z'], more)).stdout.split('\0').filter((path) => path !== '');
  const leftovers = (
    await run(['rev-parse', '--git-path', 'rebase-apply', '--git-path', 'index.lock'])
  ).stdout
    .trim()
    .split('\n')
    .map((path) => resolve(tree, path));
  const removeLeftovers = async () => {
    for (const path of leftovers) await rm(path, { recursive: true, force: true });
  };
  await removeLeftovers();
  const changes = (await run(['status', '--porcelain', '--untracked-files=no'])).stdout.trimEnd();
  if (changes !== '') throw dirtyTree(tree, changes);
  const base = await readHead();
  const untracked = new Set(await listUntracked());
  return {
    run,
    readHead,
    async restore(commit = base) {
      // Without the signal: after an abort the tree must be restored too.
      const unaborted: GitOptions = { signal: undefined };
      await run(['am', '--abort'], { ...unaborted, accept: 'any' });
      await removeLeftovers();
      await run(['reset', '--hard', '--quiet', commit], unaborted);
      for (const path of await listUntracked(unaborted))
        if (!untracked.has(path)) await rm(join(tree, path), { recursive: true, force: true });
    },
  };
}

function dirtyTree(tree: string, changes: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'SERIES_DIRTY_TREE',
    message: `${tree} has uncommitted changes, so no patch was applied`,
    details: changes.split('\n').slice(0, 20),
    next: 'commit or stash the changes',
  });
}
