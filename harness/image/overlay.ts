// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, rename, stat, truncate } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { digestFile, makeScratch, runCommand, toolPrefix } from '../host/index.ts';
import { type DataDisk, Fault, type Kernel } from '../model/index.ts';
import type { RunKeys } from './keys.ts';
import { makeSquashfs } from './squashfs.ts';
import { type FileContent, placeDirectory, placeFile, placeLink } from './tree.ts';

/** A file of the overlay: `path` is below `/overlay` in the guest, and begins with a slash. */
export type OverlayFile = { readonly path: string; readonly mode?: number } & FileContent;

export interface OverlayContent {
  readonly keys: RunKeys;
  /** Its modules go into `/overlay/modules`, all in one directory and without debug information, with their `modules.dep`. */
  readonly kernel?: Pick<Kernel, 'arch' | 'modules'>;
  readonly files?: readonly OverlayFile[];
  /** Modules, L2s and selftests are on a data disk that is mounted later: the overlay has links to its mount point. */
  readonly dataDisk?: boolean;
}

/** The content of a data disk: what differs between machines that share everything else. */
export type DataDiskContent = Required<Pick<OverlayContent, 'kernel' | 'files'>>;

/** Where the guest mounts the data disk. The image has the directory. */
const DATA_DISK_PLACE = '/data';

/** Size of every data disk in bytes, because a frozen machine knows the size of its disks. The file is sparse. */
const DATA_DISK_BYTES = 8 * 1024 ** 3;

/** What each module needs, as depmod(8) writes it. */
const DEPENDENCIES = 'modules.dep';

/** Makes the disk that a machine gets in addition to the image: keys, the kernel's modules, files. */
export async function bakeOverlay(
  path: string,
  content: OverlayContent,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  await using scratch = await makeScratch('overlay', dirname(path));
  const root = scratch.path;
  const put = (file: OverlayFile) => placeFile(root, file.path, file, file.mode ?? 0o644);
  if (content.dataDisk)
    for (const name of ['modules', 'l2', 'kselftest'])
      await placeLink(root, name, `${DATA_DISK_PLACE}/${name}`);
  else await placeDirectory(root, 'modules');
  await put({ path: '/keys/authorized_keys', content: `${content.keys.clientPublicLine}\n` });
  await put({ path: '/keys/host', content: content.keys.hostPrivateKey, mode: 0o600 });
  for (const file of content.files ?? []) await put(file);
  if (content.kernel) await copyModules(content.kernel, join(root, 'modules'), options.signal);
  await makeSquashfs(root, path, options.signal);
}

/** Makes the disk that a template and its clones have at /data: modules, kernels of L2s, selftests. */
export async function bakeDataDisk(
  path: string,
  content: DataDiskContent,
  options: { readonly signal?: AbortSignal } = {},
): Promise<DataDisk> {
  await using scratch = await makeScratch('data-disk', dirname(path));
  const root = join(scratch.path, 'root');
  const packed = join(scratch.path, 'packed');
  await mkdir(root);
  await copyModules(content.kernel, await placeDirectory(root, 'modules'), options.signal);
  for (const file of content.files) await placeFile(root, file.path, file, file.mode ?? 0o644);
  await makeSquashfs(root, packed, options.signal);
  const { size } = await stat(packed);
  if (size > DATA_DISK_BYTES)
    throw new Fault({
      blame: 'lab',
      code: 'IMAGE_DATA_DISK_TOO_LARGE',
      message: `modules and L2s: got ${Math.ceil(size / 1024 ** 3)} GiB, expected at most ${DATA_DISK_BYTES / 1024 ** 3} (the size of a clone's disk)`,
      next: 'run with --cold',
    });
  const digest = await digestFile(packed);
  await truncate(packed, DATA_DISK_BYTES);
  await rename(packed, path);
  return { path, digest };
}

async function copyModules(
  { arch, modules: from }: Pick<Kernel, 'arch' | 'modules'>,
  to: string,
  signal?: AbortSignal,
): Promise<void> {
  const found = await readdir(from, { recursive: true }).catch(() => null);
  if (found === null)
    throw new Fault({
      blame: 'lab',
      code: 'IMAGE_MODULES_MISSING',
      message: `the kernel's modules are missing: there is no ${from}`,
      next: 'run the same command again: the kernel is built again',
    });
  const options = signal ? { signal } : {};
  for (const path of found.filter((name) => name.endsWith('.ko')))
    await runCommand(
      `${toolPrefix(arch)}strip`,
      ['-g', '-o', join(to, basename(path)), join(from, path)],
      options,
    );
  const dependencies = found.includes(DEPENDENCIES) ? await readFile(join(from, DEPENDENCIES), 'utf8') : '';
  await placeFile(to, DEPENDENCIES, { content: flattenDependencies(dependencies) }, 0o644);
}

/** A `modules.dep` for modules that are all in one directory. */
function flattenDependencies(text: string): string {
  return text.replace(/[^\s:]*\//g, '');
}
