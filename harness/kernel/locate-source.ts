// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { exists } from '../host/index.ts';
import type { KernelDefinition } from './definition.ts';
import { isGitAddress } from './form.ts';
import { inspectRepository } from './repository.ts';
import { repositoryOf, sourceKey } from './source.ts';

/**
 * The repository on this computer that has a definition's source, and the commit in it; null where nothing can be known
 * before the source is fetched. Nothing is fetched or written.
 */
export async function locateSource(
  { source }: Pick<KernelDefinition, 'source'>,
  options: { readonly cacheDirectory: string; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly repository: string; readonly commit: string } | null> {
  if ('git' in source) {
    const { repository, ref } = source.git;
    const path = resolve(repository);
    return isGitAddress(repository) || !(await exists(path)) ? null : { repository: path, commit: ref };
  }
  if ('directory' in source) return null;
  const repository = repositoryOf(sourceKey(source, null), options.cacheDirectory);
  const state = await inspectRepository(repository, options.signal);
  return state.kind === 'whole' ? { repository, commit: state.commit } : null;
}
