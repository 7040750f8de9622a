// SPDX-License-Identifier: MIT
import { mkdtemp, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { digestFile, runCommand } from '../host/index.ts';
import { type Cargo, Fault } from '../model/index.ts';
import type { RunKeys } from './keys.ts';
import { makeSquashfs } from './squashfs.ts';
import { type FileContent, placeDirectory, placeFile, placeLink } from './tree.ts';

/** A file of the overlay: `path` is below `/overlay` in the guest, and begins with a slash. */
export type OverlayFile = { readonly path: string; readonly mode?: number } & FileContent;

export interface OverlayContent {
  readonly keys: RunKeys;
  /** Modules are put flat into `/overlay/modules`, their debug information left out. */
  readonly modulesDirectory?: string;
  readonly files?: readonly OverlayFile[];
  /** Modules and VMs come on a disk of their own, a cargo, which is mounted later: here are links to where it will be. */
  readonly cargo?: boolean;
}

/** What machines that share everything else differ in. */
export type CargoContent = Required<Pick<OverlayContent, 'modulesDirectory' | 'files'>>;

/** Where the guest mounts the cargo; the image has the directory. */
const CARGO_PLACE = '/cargo';

/** Size of every cargo disk, in bytes; empty space takes no room. A frozen machine knows the size of its disks. */
const CARGO_BYTES = 8 * 1024 ** 3;

/** Makes the disk that one run's machine gets beside the image: keys, the kernel's modules, files. */
export async function bakeOverlay(
  path: string,
  content: OverlayContent,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const scratch = await mkdtemp(`${path}.`);
  try {
    const put = (file: OverlayFile) => placeFile(scratch, file.path, file, file.mode ?? 0o644);
    if (content.cargo)
      for (const name of ['modules', 'l2']) await placeLink(scratch, name, `${CARGO_PLACE}/${name}`);
    else await placeDirectory(scratch, 'modules');
    await put({ path: '/keys/authorized_keys', content: `${content.keys.clientPublicLine}\n` });
    await put({ path: '/keys/host', content: content.keys.hostPrivateKey, mode: 0o600 });
    for (const file of content.files ?? []) await put(file);
    if (content.modulesDirectory !== undefined)
      await copyModules(content.modulesDirectory, join(scratch, 'modules'), options.signal);
    await makeSquashfs(scratch, path, options.signal);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Makes the disk that a template and its clones have at /cargo: modules, and kernels of VMs inside the guest. */
export async function bakeCargo(
  path: string,
  content: CargoContent,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Cargo> {
  const scratch = await mkdtemp(`${path}.`);
  const part = `${scratch}.squashfs`;
  try {
    await copyModules(content.modulesDirectory, await placeDirectory(scratch, 'modules'), options.signal);
    for (const file of content.files) await placeFile(scratch, file.path, file, file.mode ?? 0o644);
    await makeSquashfs(scratch, part, options.signal);
    const { size } = await stat(part);
    if (size > CARGO_BYTES)
      throw new Fault({
        blame: 'lab',
        code: 'IMAGE_CARGO_TOO_LARGE',
        message: `modules and VMs take ${Math.ceil(size / 1024 ** 3)} GiB, a clone's disk has ${CARGO_BYTES / 1024 ** 3}`,
        next: 'run with --cold',
      });
    const digest = await digestFile(part);
    await truncate(part, CARGO_BYTES);
    await rename(part, path);
    return { path, digest };
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await rm(part, { force: true });
  }
}

async function copyModules(from: string, to: string, signal?: AbortSignal): Promise<void> {
  const found = await readdir(from, { recursive: true }).catch(() => null);
  if (found === null)
    throw new Fault({
      blame: 'lab',
      code: 'IMAGE_MODULES_MISSING',
      message: `the kernel's modules are not there: ${from}`,
      next: 'run the same command again: the kernel is made anew',
    });
  for (const path of found) {
    if (path.endsWith('.ko'))
      await runCommand(
        'strip',
        ['-g', '-o', join(to, basename(path)), join(from, path)],
        signal ? { signal } : {},
      );
  }
}
