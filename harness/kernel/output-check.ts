// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { lookInside, readInside } from '../host/index.ts';
import { readModuleOrder } from './module-dependencies.ts';
import type { KernelOutput } from './stored-kernel.ts';

const MIB = 1024 * 1024;
/** More than any kernel has for its configuration, release or list of modules. */
const TEXT_BYTES = 16 * MIB;
/** A file that is longer than this and mostly holes is not what a linker writes. */
const SPARSE_MIB = 64;
const RELEASE = /^[\w.+~-]{1,128}$/;

/**
 * Looks at what a build left before anything of it is read: every file that is stored must be a regular one, inside the
 * output directory, readable, and no giant that takes no space. Returns what is wrong, or null.
 */
export async function findOutputProblem(built: KernelOutput): Promise<string | null> {
  const { output } = built;
  for (const path of [
    '.config',
    'include/config/kernel.release',
    ...(built.modules ? ['modules.order'] : []),
  ])
    if ((await readInside(output, path, TEXT_BYTES)) === null) return wrong(path);
  const release = await readInside(output, 'include/config/kernel.release', TEXT_BYTES);
  if (!RELEASE.test(release?.trim() ?? '')) return 'the kernel release is not one';
  const modules = built.modules ? await readModuleOrder(output) : [];
  for (const path of [built.bootImage, 'vmlinux', ...modules]) {
    const state = await lookInside(output, path);
    if (state === null || (state.mode & constants.S_IRUSR) === 0 || /\p{C}/u.test(path)) return wrong(path);
    const { size, blocks } = state;
    if (size > SPARSE_MIB * MIB && blocks * 512 < size / 4)
      return `make succeeded, but ${JSON.stringify(path)} has ${Math.round(size / MIB)} MiB, nearly all of them holes`;
  }
  for (const path of modules) {
    const source = path.replace(/\.ko$/, '.mod.c');
    if ((await readInside(output, source, TEXT_BYTES)) === null) return wrong(source);
  }
  return null;
}

function wrong(path: string): string {
  return `make succeeded, but ${JSON.stringify(path)} is not a readable file of the output directory`;
}
