// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOwnerDead, ownerTag } from './owner.ts';
import { ownDirectoryFault, requireUsableDirectory, temporaryDirectory } from './usable.ts';

/** A temporary directory of this process, removed with all its content when closed. */
export interface Scratch {
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A Unix socket's path has at most 107 bytes (unix(7)): room for our directory's name and a socket's. */
const LONGEST_PARENT = 40;
/** With less, a program fails half-way, and some do not notice. */
const LEAST_FREE_MIB = 8;

/** The directory for temporary files: TMPDIR, or /tmp where sockets in TMPDIR would have paths that are too long. */
export function scratchParent(): string {
  return Buffer.byteLength(tmpdir()) > LONGEST_PARENT ? '/tmp' : tmpdir();
}

/**
 * Makes `ktrial-PURPOSE-…` in `parent`, or in the directory for temporary files. Its name contains its owner, so that
 * `reapScratch` recognises a stale one. Faults, where that directory cannot be used: `HOST_NOT_A_DIRECTORY`,
 * `HOST_NOT_ALLOWED`, `HOST_DISK_FULL` (lab).
 */
export async function makeScratch(purpose: string, parent?: string): Promise<Scratch> {
  const path = await (parent === undefined ? makeTemporary(purpose) : makeIn(parent, purpose));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}

async function makeIn(parent: string, purpose: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, `ktrial-${purpose}-${ownerTag()}-`));
}

async function makeTemporary(purpose: string): Promise<string> {
  const temporary = temporaryDirectory(scratchParent());
  await requireUsableDirectory(temporary, LEAST_FREE_MIB);
  return mkdtemp(join(temporary.path, `ktrial-${purpose}-${ownerTag()}-`)).catch((cause: unknown) => {
    throw ownDirectoryFault(temporary, cause);
  });
}

/** File in a scratch directory that belongs to a program which outlives ktrial: its owner tag. */
const KEPT_FILE = 'kept';

/** Hands a scratch directory over to a program that outlives ktrial: it is a leftover only when that program has ended. */
export function giveScratchTo(path: string, pid: number): void {
  writeFileSync(join(path, KEPT_FILE), `-${ownerTag(pid)}`, { mode: 0o600 });
}

async function isKept(path: string): Promise<boolean> {
  const tag = await readFile(join(path, KEPT_FILE), 'utf8').catch(() => null);
  return tag !== null && !isOwnerDead(tag);
}

/**
 * Removes what ktrial processes that were killed left behind: scratch directories, in the directories for temporary files
 * and in the cache's rooms, and half-written `.part-` entries of the cache. Only the user's own, and none of a machine that was left running. Returns the removed paths.
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
      if (await isKept(path)) continue;
      await rm(path, { recursive: true, force: true });
      removed.push(path);
    }
  }
  return removed.sort();
}
