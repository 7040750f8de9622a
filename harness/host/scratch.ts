// SPDX-License-Identifier: MIT
import { lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOwnerDead, ownerTag } from './owner.ts';

/** A temporary directory of this process, removed with all its content when closed. */
export interface Scratch {
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A Unix socket's path has at most 107 bytes (unix(7)): room for our directory's name and a socket's. */
const LONGEST_PARENT = 40;

/** The directory for temporary files: TMPDIR, or /tmp where sockets in TMPDIR would have paths that are too long. */
export function scratchParent(): string {
  return Buffer.byteLength(tmpdir()) > LONGEST_PARENT ? '/tmp' : tmpdir();
}

/** Makes `ktrial-PURPOSE-…` in `parent`. Its name contains its owner, so that `reapScratch` recognises a stale one. */
export async function makeScratch(purpose: string, parent: string = scratchParent()): Promise<Scratch> {
  await mkdir(parent, { recursive: true });
  const path = await mkdtemp(join(parent, `ktrial-${purpose}-${ownerTag()}-`));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}

/**
 * Removes what ktrial processes that were killed left behind: scratch directories, in the directories for temporary files
 * and in the cache's rooms, and half-written `.part-` entries of the cache. Only the user's own. Returns the removed paths.
 */
export async function reapScratch(cacheDirectory: string): Promise<string[]> {
  const rooms = await readdir(cacheDirectory, { withFileTypes: true }).catch(() => []);
  const parents = new Set([
    tmpdir(),
    scratchParent(),
    cacheDirectory,
    ...rooms.filter((entry) => entry.isDirectory()).map((entry) => join(cacheDirectory, entry.name)),
  ]);
  const removed: string[] = [];
  for (const parent of parents) {
    for (const name of await readdir(parent).catch(() => [])) {
      if (!/^ktrial-|\.part-/.test(name) || !isOwnerDead(name)) continue;
      const path = join(parent, name);
      if ((await lstat(path).catch(() => null))?.uid !== process.getuid?.()) continue;
      await rm(path, { recursive: true, force: true });
      removed.push(path);
    }
  }
  return removed.sort();
}
