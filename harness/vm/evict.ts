// SPDX-License-Identifier: MIT
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, makeScratch, takeFreeLock } from '../host/index.ts';

interface Entry {
  readonly name: string;
  readonly bytes: number;
  readonly usedAt: number;
}

/**
 * Removes the least recently used templates until the rest takes at most `limitBytes`. One that is in use has a lock and
 * stays; so does the template `kept`, whose lock the caller has.
 */
export async function evictTemplates(directory: string, limitBytes: number, kept: string): Promise<void> {
  const names = (await readdir(directory)).filter(isTemplate);
  const entries = (await Promise.all(names.map((name) => weigh(directory, name)))).filter(
    (entry) => entry !== null,
  );
  let total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  for (const { name, bytes } of entries.toSorted((a, b) => a.usedAt - b.usedAt)) {
    if (total <= limitBytes) return;
    if (name === kept) continue;
    const lock = await takeFreeLock(lockOf(directory, name));
    if (!lock) continue;
    await removeTemplate(join(directory, name));
    await rm(lockOf(directory, name), { force: true });
    await lock[Symbol.asyncDispose]();
    total -= bytes;
  }
}

/**
 * Removes what a ktrial that was killed left of templates: half-made ones, and locks that belong to none. What another
 * ktrial is using is locked and stays. Returns the names of what was removed.
 */
export async function reapTemplates(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  const removed: string[] = [];
  for (const name of names) {
    const [, key] = /^([^.]+)\.(?:lock$|part-)/.exec(name) ?? [];
    if (key === undefined || (name.endsWith('.lock') && (await exists(join(directory, key))))) continue;
    const lock = await takeFreeLock(lockOf(directory, key));
    if (!lock) continue;
    await rm(join(directory, name), { recursive: true, force: true });
    if (!(await exists(join(directory, key)))) await rm(lockOf(directory, key), { force: true });
    await lock[Symbol.asyncDispose]();
    removed.push(name);
  }
  return removed.sort();
}

/** Moves a template out of sight first, so that a half-removed one is never found. */
export async function removeTemplate(path: string): Promise<void> {
  await using trash = await makeScratch('removed', dirname(path));
  await rename(path, join(trash.path, 'template'));
}

export function lockOf(directory: string, key: string): string {
  return join(directory, `${key}.lock`);
}

function isTemplate(name: string): boolean {
  return !name.includes('.') && !name.startsWith('ktrial-');
}

async function weigh(directory: string, name: string): Promise<Entry | null> {
  const path = join(directory, name);
  try {
    let bytes = 0;
    for (const part of await readdir(path)) bytes += (await stat(join(path, part))).blocks * 512;
    return { name, bytes, usedAt: (await stat(path)).mtimeMs };
  } catch {
    return null; // removed by another ktrial meanwhile
  }
}
