// SPDX-License-Identifier: MIT
import { requireUsableDirectory, requireUsablePath, temporaryDirectory } from '../host/index.ts';
import type { Context } from './context.ts';

/**
 * Requires that what a command will write to can be written to: the cache, which builds see, and the directory for temporary
 * files. Makes nothing. Faults of `requireUsablePath` and `requireUsableDirectory`.
 */
export async function requireUsablePlaces(context: Context): Promise<void> {
  const cache = {
    path: context.cacheDirectory,
    what: 'the cache directory',
    setting: 'XDG_CACHE_HOME',
    blame: 'lab',
  } as const;
  requireUsablePath(cache, true);
  await requireUsableDirectory(cache);
  await requireUsableDirectory(temporaryDirectory());
}
