// SPDX-License-Identifier: MIT
import { chmod, copyFile, lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../model/index.ts';

/**
 * Lays out files below a directory as they will be in a guest. A symbolic link there points into the guest: nothing is
 * written through one, because that would write to this computer's files.
 */

/** The content of a file: given, or copied from a file of this computer. */
export type FileContent = { readonly content: string | Uint8Array } | { readonly from: string };

/** Makes a directory and its parents, with mode 0755 whatever the umask. Fault `IMAGE_PATH_BLOCKED`. */
export async function placeDirectory(tree: string, path: string): Promise<string> {
  let current = tree;
  for (const part of path.split('/').filter((name) => name !== '' && name !== '.')) {
    if (part === '..') throw blocked(path, 'it contains ".."');
    current = join(current, part);
    const there = await lstat(current).catch(() => null);
    if (there?.isDirectory()) continue;
    if (there) throw blocked(path, `${part} in it is a ${there.isSymbolicLink() ? 'link' : 'file'}`);
    await mkdir(current);
    await chmod(current, 0o755);
  }
  return current;
}

/** Writes a file and replaces an existing one. Fault `IMAGE_PATH_BLOCKED`. */
export async function placeFile(tree: string, path: string, file: FileContent, mode: number): Promise<void> {
  const target = await clearPlace(tree, path);
  if ('from' in file) await copyFile(file.from, target);
  else await writeFile(target, file.content, { flag: 'wx' });
  await chmod(target, mode);
}

/** Makes a symbolic link and replaces an existing file. Fault `IMAGE_PATH_BLOCKED`. */
export async function placeLink(tree: string, path: string, target: string): Promise<void> {
  await symlink(target, await clearPlace(tree, path));
}

/** Whether a path exists; a broken link does. */
export async function isPlaced(tree: string, path: string): Promise<boolean> {
  return (await lstat(join(tree, path)).catch(() => null)) !== null;
}

/** Makes the directory of a path, removes what is at the path, and returns the path on this computer. */
export async function clearPlace(tree: string, path: string): Promise<string> {
  const cut = path.lastIndexOf('/');
  const name = path.slice(cut + 1);
  if (name === '' || name === '..' || name === '.') throw blocked(path, 'it names no file');
  const target = join(await placeDirectory(tree, path.slice(0, Math.max(cut, 0))), name);
  await rm(target, { force: true });
  return target;
}

function blocked(path: string, why: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'IMAGE_PATH_BLOCKED',
    message: `${path} cannot be put into the image: ${why}`,
  });
}
