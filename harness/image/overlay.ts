// SPDX-License-Identifier: MIT
import { mkdtemp, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { digestFile, runCommand } from '../host/index.ts';
import { type DataDisk, Fault } from '../model/index.ts';
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
  /** Modules and VMs come on a disk of their own, a data disk, which is mounted later: here are links to where it will be. */
  readonly dataDisk?: boolean;
}

/** What machines that share everything else differ in. */
export type DataDiskContent = Required<Pick<OverlayContent, 'modulesDirectory' | 'files'>>;

/** Where the guest mounts the data disk; the image has the directory. */
const DATA_DISK_PLACE = '/data';

/** Size of every data disk disk, in bytes; empty space takes no room. A frozen machine knows the size of its disks. */
const DATA_DISK_BYTES = 8 * 1024 ** 3;

/** Makes the disk that one run's machine gets beside the image: keys, the kernel's modules, files. */
export async function bakeOverlay(
  path: string,
  content: OverlayContent,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const scratch = await mkdtemp(`${path}.`);
  try {
    const put = (file: OverlayFile) => placeFile(scratch, file.path, file, file.mode ?? 0o644);
    if (content.dataDisk)
      for (const name of ['modules', 'l2']) await placeLink(scratch, name, `${DATA_DISK_PLACE}/${name}`);
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

/** Makes the disk that a template and its clones have at /data: modules, and kernels of VMs inside the guest. */
export async function bakeDataDisk(
  path: string,
  content: DataDiskContent,
  options: { readonly signal?: AbortSignal } = {},
): Promise<DataDisk> {
  const scratch = await mkdtemp(`${path}.`);
  const part = `${scratch}.squashfs`;
  try {
    await copyModules(content.modulesDirectory, await placeDirectory(scratch, 'modules'), options.signal);
    for (const file of content.files) await placeFile(scratch, file.path, file, file.mode ?? 0o644);
    await makeSquashfs(scratch, part, options.signal);
    const { size } = await stat(part);
    if (size > DATA_DISK_BYTES)
      throw new Fault({
        blame: 'lab',
        code: 'IMAGE_DATA_DISK_TOO_LARGE',
        message: `modules and VMs take ${Math.ceil(size / 1024 ** 3)} GiB, a clone's disk has ${DATA_DISK_BYTES / 1024 ** 3}`,
        next: 'run with --cold',
      });
    const digest = await digestFile(part);
    await truncate(part, DATA_DISK_BYTES);
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
