// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, open, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { crypto } from './crypto.ts';
import { ownerTag } from './owner.ts';

/** Whether a path exists (a broken link does not). */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Writes a file so that a reader sees the old or the new content, never a part: temporary file, fsync, rename. */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.part-${ownerTag()}-${crypto().randomBytes(6).toString('hex')}`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(temporary, path).catch(async (error: unknown) => {
    await rm(temporary, { force: true });
    throw error;
  });
}

/** SHA-256 of a text or of bytes, hex. */
export function digestOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = crypto().createHash('sha256');
  for (const part of parts) {
    hash.update(`${typeof part === 'string' ? Buffer.byteLength(part) : part.length}:`);
    hash.update(part);
  }
  return hash.digest('hex');
}

/** SHA-256 of a file's content alone, hex, as `sha256sum` prints it. */
export async function digestFile(path: string): Promise<string> {
  const hash = crypto().createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * Makes a directory that appears at `path` whole or not at all: `fill` writes into a temporary neighbour, which is then
 * renamed. When another process made it first, its result stays and ours is removed.
 */
export async function makeDirectoryAtomic(
  path: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = await mkdtemp(`${path}.part-${ownerTag()}-`);
  try {
    await fill(temporary);
    await rename(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Every file below a directory, as sorted relative paths. Links are not followed. */
export async function listFiles(directory: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (relative: string): Promise<void> => {
    for (const entry of await readdir(join(directory, relative), { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else found.push(path);
    }
  };
  await walk('');
  return found.sort();
}

/** Free space for an unprivileged user on the file system of a path, in MiB. */
export async function freeSpaceMib(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return (bavail * bsize) / 1024 / 1024;
}

/**
 * Memory that new programs can use without swapping, in MiB: the kernel's estimate (`MemAvailable`, proc(5)), which
 * includes reclaimable page cache.
 */
export async function availableMemoryMib(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(text);
  return match ? Math.floor(Number(match[1]) / 1024) : Math.floor(freemem() / 1024 / 1024);
}
