// SPDX-License-Identifier: MIT
import type { Stats } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Looks at a regular file below a directory whose content somebody else made, by its relative path. Null when it is not
 * there, is something else, or when the way to it leaves the directory or leads through a link.
 */
export async function lookInside(directory: string, path: string): Promise<Stats | null> {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) return null;
  let there = directory;
  for (const [index, part] of parts.entries()) {
    there = join(there, part);
    const state = await lstat(there).catch(() => null);
    if (index === parts.length - 1) return state?.isFile() ? state : null;
    if (!state?.isDirectory()) return null;
  }
  return null;
}

/** The text of such a file; null where `lookInside` finds none, and where it is longer than `mostBytes`. */
export async function readInside(directory: string, path: string, mostBytes: number): Promise<string | null> {
  const state = await lookInside(directory, path);
  return state === null || state.size > mostBytes ? null : readFile(join(directory, path), 'utf8');
}
