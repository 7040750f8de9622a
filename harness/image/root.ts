// SPDX-License-Identifier: MIT
import { chmod, lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { findNeeded } from './library.ts';
import { compileProgram } from './program.ts';
import type { ImageRecipe } from './recipe.ts';
import { clearPlace, isPlaced, placeDirectory, placeFile, placeLink } from './tree.ts';

/** Where the package of busybox has it. */
export const BUSYBOX = '/bin/busybox';
/** Mount points, and directories that a read-only root must already have. */
const DIRECTORIES = [
  'proc',
  'sys',
  'dev',
  'run',
  'tmp',
  'root',
  'var',
  'data',
  'overlay',
  'etc',
  'sbin',
  'usr/bin',
  'usr/sbin',
];

/**
 * Lays out the root file system of a recipe: `staging` has its packages unpacked. `applets` are the paths of busybox's
 * applets.
 */
export async function fillRoot(
  recipe: ImageRecipe,
  staging: string,
  root: string,
  applets: readonly string[],
): Promise<void> {
  for (const directory of DIRECTORIES) await placeDirectory(root, directory);
  for (const path of await findNeeded(staging, [...recipe.keep, ...recipe.data])) {
    const from = join(staging, path);
    const there = await lstat(from);
    if (there.isSymbolicLink()) await placeLink(root, path, await readlink(from));
    else await placeFile(root, path, { from }, there.mode & 0o111 ? 0o755 : 0o644);
  }
  for (const [path, target] of Object.entries(recipe.links)) await placeLink(root, path, target);
  for (const { path, source, mode } of recipe.files)
    await placeFile(root, path, { from: source }, Number.parseInt(mode, 8));
  for (const { path, source, shared } of recipe.programs) {
    const target = await clearPlace(root, path);
    await compileProgram(recipe.arch, source, target, shared);
    await chmod(target, 0o755);
  }
  // Last, so that no other program's path is taken.
  for (const path of applets) if (!(await isPlaced(root, path))) await placeLink(root, path, BUSYBOX);
}
