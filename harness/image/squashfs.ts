// SPDX-License-Identifier: MIT
import { chmod, rm } from 'node:fs/promises';
import { runCommand } from '../host/index.ts';

/** Uncompressed, because decompression is slow under emulation. The kernel still needs the decompressor that the file names. */
const PLAIN = ['-noI', '-noD', '-noF', '-noX'];
/** All files belong to root and have the same date, so that the same files give the same bytes. */
const SAME = ['-all-root', '-mkfs-time', '0', '-all-time', '0', '-no-xattrs', '-reproducible'];
/** A debug kernel under emulation has a high cost per block: the guest's QEMU starts 20 % faster than with the default of 128 KiB. */
const BLOCK = ['-b', '1M'];

/** Packs a directory as a squashfs file and replaces an existing one. */
export async function makeSquashfs(directory: string, path: string, signal?: AbortSignal): Promise<void> {
  await rm(path, { force: true });
  await chmod(directory, 0o755); // it becomes the guest's /
  await runCommand(
    'mksquashfs',
    [directory, path, ...SAME, ...PLAIN, ...BLOCK, '-quiet', '-no-progress', '-noappend'],
    { timeoutMs: 10 * 60_000, ...(signal ? { signal } : {}) },
  );
}
