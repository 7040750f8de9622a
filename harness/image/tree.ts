// SPDX-License-Identifier: MIT
import { chmod, copyFile, lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../model/index.ts';

/**
 * Files laid out below a directory as they shall stand in a guest. A link in there points into the guest, so nothing
 * is ever written through one: it would end in this computer's own files.
 */

/** What a file in the tree is made from. */
export type FileContent = { readonly content: string | Uint8Array } | { readonly from: string };

/** Makes a directory and those above it, all with mode 0755 whatever the umask. Fault `IMAGE_PATH_BLOCKED`. */
export async function placeDirectory(tree: string, path: string): Promise<string> {
  let current = tree;
  for (const part of path.split('/').filter((word) => word !== '' && word !== '.')) {
    if (part === '..') throw blocked(path, 'a path in the guest has no ".." in it');
    current = join(current, part);
    const there = await lstat(current).catch(() => null);
    if (there?.isDirectory()) continue;
    if (there) throw blocked(path, `${part} in it is a ${there.isSymbolicLink() ? 'link' : 'file'}`);
    await mkdir(current);
    await chmod(current, 0o755);
  }
  return current;
}

/** Writes a file, in place of what was there. Fault `IMAGE_PATH_BLOCKED`. */
export async function placeFile(tree: string, path: string, file: FileContent, mode: number): Promise<void> {
  const target = await clearPlace(tree, path);
  if ('from' in file) await copyFile(file.from, target);
  else await writeFile(target, file.content, { flag: 'wx' });
  await chmod(target, mode);
}

/** Makes a symbolic link, in place of what was there. Fault `IMAGE_PATH_BLOCKED`. */
export async function placeLink(tree: string, path: string, target: string): Promise<void> {
  await symlink(target, await clearPlace(tree, path));
}

/** Whether something stands at a path, a link that leads nowhere included. */
export async function isPlaced(tree: string, path: string): Promise<boolean> {
  return (await lstat(join(tree, path)).catch(() => null)) !== null;
}

/** The path on this computer at which something new may be written: its directory is there, it itself is not. */
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
