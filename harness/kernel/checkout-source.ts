// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { exists, runGit } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { requireSourceTree } from './archive-source.ts';
import { damageFault, findRepositoryDamage } from './damage.ts';
import { isGitAddress, isRefName, isRepository } from './form.ts';
import { commitDirectory, initRepository } from './repository.ts';
import type { SourceOptions } from './source-options.ts';

/** Where a fetched ref is kept until its commit has a name. Nothing else of the cache's repository is written. */
const INCOMING = 'refs/ktrial/incoming';

/** Where git fetches a repository from: its address, or its absolute path. */
export function placeOfRepository(repository: string): string {
  if (!isGitAddress(repository)) return resolve(repository);
  return repository.replace(/^[A-Za-z]+(?=:\/\/)/, (scheme) => scheme.toLowerCase());
}

/** Fetches a ref of another repository and returns its commit. Faults `KERNEL_NO_SOURCE`, `KERNEL_CACHE_DAMAGED`. */
export async function fetchCommit(
  source: { readonly repository: string; readonly ref: string },
  repository: string,
  options: SourceOptions,
): Promise<string> {
  const { signal } = options;
  if (!isRepository(source.repository) || !isRefName(source.ref))
    throw noSource(source, 'this is not a repository and the name of a branch, tag or commit', []);
  const isNew = !(await exists(repository));
  await initRepository(repository, signal);
  options.onProgress?.(`fetching ${source.ref} from ${source.repository}`);
  const git = (args: readonly string[], accept?: 'any') =>
    runGit(['--git-dir', repository, ...args], { signal, accept });
  const quiet = [
    '-q',
    '--no-tags',
    '--no-recurse-submodules',
    '--update-shallow',
    '--no-write-fetch-head',
    '--refmap=',
  ];
  const { exitCode, stderr } = await git(
    [
      'fetch',
      ...quiet,
      '--upload-pack=git-upload-pack',
      '--end-of-options',
      placeOfRepository(source.repository),
      `+${source.ref}:${INCOMING}`,
    ],
    'any',
  );
  const commit = await git(['rev-parse', '--verify', '-q', `${INCOMING}^{commit}`], 'any');
  if (exitCode !== 0 || commit.exitCode !== 0) {
    const damage = isNew ? null : findRepositoryDamage(stderr);
    if (damage !== null) throw damageFault(repository, damage);
    const why = exitCode === 0 ? 'it is no commit' : null;
    throw noSource(source, why, stderr.trim().split('\n'));
  }
  const hash = commit.stdout.trim();
  await git(['update-ref', `refs/ktrial/${hash}`, hash]);
  await git(['update-ref', '-d', INCOMING]);
  return hash;
}

function noSource(
  { repository, ref }: { readonly repository: string; readonly ref: string },
  why: string | null,
  details: readonly string[],
): Fault {
  const isForeign = details.some((line) => line.includes('dubious ownership'));
  return new Fault({
    blame: 'request',
    code: 'KERNEL_NO_SOURCE',
    message: `git cannot fetch ${ref} from ${repository}${why === null ? '' : `: ${why}`}${isForeign ? ': it belongs to another user' : ''}`,
    details,
    next: isForeign
      ? 'run ktrial as its owner, or name a clone of your own'
      : 'check the repository and the ref in the definition',
  });
}

/** Commits the content of a source directory to the cache's repository and returns the commit. */
export async function readDirectory(
  directory: string,
  repository: string,
  options: SourceOptions,
): Promise<string> {
  const { signal } = options;
  await requireSourceTree(directory);
  await initRepository(repository, signal);
  options.onProgress?.(`reading ${directory}`);
  return commitDirectory(repository, directory, `kernel source in ${directory}`, { signal });
}
