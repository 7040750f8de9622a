// SPDX-License-Identifier: MIT
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { runCommand } from '../host/index.ts';
import { Fault } from '../model/index.ts';

/** Of every architecture: the packages of an image are of one. */
const LIBRARY_DIRECTORIES = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib/aarch64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/lib64',
  '/usr/lib',
  '/lib',
];

/** Every path that programs need to run: themselves, their libraries and those of the libraries, the loader, and symbolic links on the way. */
export async function findNeeded(root: string, programs: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const queue = [...programs];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const chain = await followLinks(root, path);
    if (chain === null)
      throw new Fault({
        blame: 'request',
        code: 'IMAGE_PROGRAM_MISSING',
        message: `none of the recipe's packages contains ${path}`,
      });
    for (const step of chain) {
      if (found.has(step)) continue;
      found.add(step);
      if (step === chain.at(-1)) queue.push(...(await readNeeded(root, step)));
    }
  }
  return [...found];
}

/** A path and the targets of its symbolic links, inside the root; null when the last target does not exist. */
async function followLinks(root: string, path: string): Promise<string[] | null> {
  const chain: string[] = [];
  let current = path;
  for (let depth = 0; depth < 16; depth += 1) {
    const there = await lstat(join(root, current)).catch(() => null);
    if (!there) return null;
    chain.push(current);
    if (!there.isSymbolicLink()) return (await isBelow(root, current)) ? chain : null;
    const target = await readlink(join(root, current));
    current = normalize(target.startsWith('/') ? target : join(dirname(current), target));
  }
  return null;
}

/** A directory on the way may be a link that leads out of the root. */
async function isBelow(root: string, path: string): Promise<boolean> {
  const [top, real] = await Promise.all([realpath(root), realpath(join(root, path))]);
  return real.startsWith(`${top}/`);
}

async function readNeeded(root: string, path: string): Promise<string[]> {
  const { stdout, exitCode } = await runCommand('readelf', ['-d', '-l', '-W', '--', join(root, path)], {
    accept: 'any',
  });
  if (exitCode !== 0) return [];
  const needed: string[] = [];
  const loader = /program interpreter: (\/[^\]]+)\]/.exec(stdout)?.[1];
  if (loader !== undefined) needed.push(loader);
  for (const [, name = ''] of stdout.matchAll(/\(NEEDED\)\s+Shared library: \[([^\]]+)\]/g)) {
    const library = await findLibrary(root, name);
    if (library === null)
      throw new Fault({
        blame: 'lab',
        code: 'IMAGE_LIBRARY_MISSING',
        message: `${path} needs ${name}, and none of the recipe's packages contains it`,
      });
    needed.push(library);
  }
  return needed;
}

async function findLibrary(root: string, name: string): Promise<string | null> {
  for (const directory of LIBRARY_DIRECTORIES) {
    const path = `${directory}/${name}`;
    const there = await stat(join(root, path)).catch(() => lstat(join(root, path)).catch(() => null));
    if (there) return path;
  }
  return null;
}
