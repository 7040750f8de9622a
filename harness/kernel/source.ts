// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { digestOf, exists, makeScratch, type Repository, runGit, takeLock } from '../host/index.ts';
import { requireSourceTree, unpackDebian, unpackTarball } from './archive-source.ts';
import { borrowCommit, type Loan, loanOf, openLender, openTopLender } from './borrowed-source.ts';
import { explainDamage } from './damage.ts';
import type { KernelDefinition } from './definition.ts';
import type { KernelSource } from './definition-schema.ts';
import { readDirectory } from './directory-source.ts';
import { isGitAddress } from './form.ts';
import { addressOf, fetchCommit } from './remote-source.ts';
import { commitDirectory, initRepository, inspectRepository, sealRepository } from './repository.ts';
import type { SourceOptions } from './source-options.ts';

/** A kernel source as a commit in a bare repository of the cache. */
export interface SourceTree {
  /** Stable name of the source. The cache is keyed by it. */
  readonly key: string;
  /** The bare repository that contains the commit. */
  readonly repository: string;
  readonly commit: string;
  /** The repository of the user whose objects are used; null where the cache has them all. */
  readonly loan: Loan | null;
  /** The server that has more commits. */
  readonly address: string | null;
}

/**
 * Fetches a definition's source into the cache, as a commit. The user's checkout or directory is only read. A repository of
 * the cache that is damaged is discarded, and made again.
 */
export async function fetchSource(definition: KernelDefinition, options: SourceOptions): Promise<SourceTree> {
  const { source } = definition;
  const { signal, onProgress } = options;
  if ('git' in source) onProgress?.(`finding ${source.git.ref} in ${source.git.repository}`);
  await using lender = await openLenderOf(source, signal);
  const key = sourceKey(source, lender);
  const repository = repositoryOf(key, options.cacheDirectory);
  const place = {
    key,
    repository,
    loan: lender && loanOf(lender, nameOf(source)),
    address: 'git' in source && lender === null ? source.git.repository : null,
  };
  await using _lock = await lockSource(key, options);
  const state = await inspectRepository(repository, signal);
  const isArchive = 'debian' in source || 'tarball' in source;
  if (state.kind === 'whole' && isArchive) return { ...place, commit: state.commit };
  if (state.kind === 'damaged') await discardRepository(repository, state.reason, options);
  if (state.kind === 'incomplete' && isArchive) {
    onProgress?.(`${repository} is incomplete: the source is fetched again`);
    await rm(repository, { recursive: true, force: true });
  }
  const fetchOnce = async (known: string | null) => {
    const commit = await readIntoRepository(source, lender, place, { ...options, known });
    await sealRepository(repository, commit);
    return { ...place, commit };
  };
  try {
    return await fetchOnce(state.kind === 'whole' ? state.commit : null);
  } catch (error) {
    const reason = await explainDamage(error, options.cacheDirectory);
    if (reason === null) throw error;
    await discardRepository(repository, reason, options);
    return await fetchOnce(null);
  }
}

/** Removes the repository of a source from the cache, so that it is fetched again. */
export async function discardSource(
  source: SourceTree,
  reason: string,
  options: SourceOptions,
): Promise<void> {
  await using _lock = await lockSource(source.key, options);
  await discardRepository(source.repository, reason, options);
}

async function discardRepository(repository: string, reason: string, options: SourceOptions): Promise<void> {
  options.onProgress?.(`${repository} is damaged, and the source is fetched again: ${reason}`);
  await rm(repository, { recursive: true, force: true });
}

/** The repository of the cache for a source of this key. */
export function repositoryOf(key: string, cacheDirectory: string): string {
  return join(cacheDirectory, 'sources', `${key}.git`);
}

function lockSource(key: string, options: SourceOptions) {
  return takeLock(join(options.cacheDirectory, 'sources', `${key}.lock`), {
    onWait: () => options.onProgress?.('waiting for another ktrial that fetches the same source'),
    ...(options.signal ? { signal: options.signal } : {}),
  });
}

async function readIntoRepository(
  source: KernelSource,
  lender: Repository | null,
  { key, repository }: Pick<SourceTree, 'key' | 'repository'>,
  options: SourceOptions & { readonly known: string | null },
): Promise<string> {
  if ('git' in source)
    return lender === null
      ? fetchCommit(source.git, repository, options)
      : borrowCommit(lender, source.git, repository, options);
  if ('directory' in source) return readDirectory(resolve(source.directory), lender, repository, options);
  const { signal, onProgress } = options;
  await using scratch = await makeScratch('source', join(options.cacheDirectory, 'sources'));
  const tree =
    'debian' in source
      ? await unpackDebian(source.debian, scratch.path, options)
      : await unpackTarball(source.tarball, scratch.path, options);
  await requireSourceTree(tree, 'debian' in source ? source.debian.package : source.tarball.location);
  onProgress?.('committing the source to a repository in the cache');
  await rm(repository, { recursive: true, force: true });
  await initRepository(repository, signal);
  return await commitDirectory(repository, tree, `kernel source ${key}`, { signal, ignored: true });
}

/**
 * Whether a definition's source has a commit, as far as that is known before anything is fetched; null where it is not: the
 * source is not in the cache, or is a repository that may have more by now.
 */
export async function knowsCommit(
  { source }: Pick<KernelDefinition, 'source'>,
  commit: string,
  options: Pick<SourceOptions, 'cacheDirectory' | 'signal'>,
): Promise<boolean | null> {
  await using lender = await openLenderOf(source, options.signal).catch(() => null);
  if ('git' in source && lender === null && !isGitAddress(source.git.repository)) return null;
  const repository = repositoryOf(sourceKey(source, lender), options.cacheDirectory);
  if (!(await exists(join(repository, 'HEAD')))) return null;
  const args = [
    '--git-dir',
    repository,
    'rev-parse',
    '-q',
    '--verify',
    '--end-of-options',
    `${commit}^{commit}`,
  ];
  const { exitCode } = await runGit(args, { signal: options.signal, accept: 'any' });
  return exitCode === 0 ? true : 'git' in source ? null : false;
}

/** The repository on this computer that a source is borrowed from; null for all others. */
function openLenderOf(source: KernelSource, signal: AbortSignal | undefined): Promise<Repository | null> {
  if ('git' in source && !isGitAddress(source.git.repository)) return openLender(source.git, signal);
  if ('directory' in source) return openTopLender(resolve(source.directory), signal);
  return Promise.resolve(null);
}

function nameOf(source: KernelSource): string {
  return 'git' in source ? source.git.repository : 'directory' in source ? source.directory : '';
}

/** Stable name of a source; `lender` is the repository that it is borrowed from. */
export function sourceKey(source: KernelSource, lender: Repository | null): string {
  if ('debian' in source) {
    const { package: name, version = 'newest', suite } = source.debian;
    return `debian-${digestOf(name, version, suite).slice(0, 16)}`;
  }
  if ('tarball' in source) return `tarball-${digestOf(source.tarball.sha256).slice(0, 16)}`;
  // All worktrees of a repository are one source.
  if ('git' in source)
    return `git-${digestOf(lender?.place ?? addressOf(source.git.repository)).slice(0, 16)}`;
  return `directory-${digestOf(resolve(source.directory)).slice(0, 16)}`;
}
