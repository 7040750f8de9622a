// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { digestOf, exists, makeScratch, runGit, takeLock, writeFileAtomic } from '../host/index.ts';
import { requireSourceTree, unpackDebian, unpackTarball } from './archive-source.ts';
import { fetchCommit, readDirectory, readStamp } from './checkout-source.ts';
import type { KernelDefinition, KernelSource } from './definition.ts';
import { commitDirectory } from './repository.ts';
import type { SourceOptions } from './source-options.ts';

/** A kernel source as a commit in a bare repository of the cache. */
export interface SourceTree {
  /** Stable name of the source. The cache is keyed by it. */
  readonly key: string;
  /** The bare repository that contains the commit. */
  readonly repository: string;
  readonly commit: string;
}

/** Fetches a definition's source into the cache, as a commit. The user's checkout or directory is only read. */
export async function fetchSource(definition: KernelDefinition, options: SourceOptions): Promise<SourceTree> {
  const { source } = definition;
  const key = sourceKey(source);
  const repository = join(options.cacheDirectory, 'sources', `${key}.git`);
  await using _lock = await takeLock(join(options.cacheDirectory, 'sources', `${key}.lock`), {
    onWait: () => options.onProgress?.('waiting for another ktrial that fetches the same source'),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if ('git' in source) return { key, repository, commit: await fetchCommit(source.git, repository, options) };
  if ('directory' in source)
    return { key, repository, commit: await readDirectory(resolve(source.directory), repository, options) };
  const stamp = join(repository, 'ktrial-commit');
  const known = await readStamp(stamp, repository, options);
  if (known !== null) return { key, repository, commit: known };
  await rm(repository, { recursive: true, force: true });
  await using scratch = await makeScratch('source', join(options.cacheDirectory, 'sources'));
  const tree =
    'debian' in source
      ? await unpackDebian(source.debian, scratch.path, options)
      : await unpackTarball(source.tarball, scratch.path, options);
  await requireSourceTree(tree);
  options.onProgress?.('committing the source to a repository in the cache');
  await runGit(['init', '-q', '--bare', repository], { signal: options.signal });
  const commit = await commitDirectory(repository, tree, `kernel source ${key}`, {
    signal: options.signal,
    ignored: true,
  });
  await writeFileAtomic(stamp, `${commit}\n`);
  return { key, repository, commit };
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
  const repository = join(options.cacheDirectory, 'sources', `${sourceKey(source)}.git`);
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

function sourceKey(source: KernelSource): string {
  if ('debian' in source)
    return `debian-${source.debian.package}-${source.debian.version ?? 'newest'}-${source.debian.suite}`;
  if ('tarball' in source) return `tarball-${source.tarball.sha256.slice(0, 16)}`;
  if ('git' in source) return `git-${digestOf(source.git.repository).slice(0, 16)}`;
  return `directory-${digestOf(resolve(source.directory)).slice(0, 16)}`;
}
