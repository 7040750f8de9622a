// SPDX-License-Identifier: MIT
import { chmod, rm } from 'node:fs/promises';
import { runCommand } from '../host/index.ts';

/**
 * Packs a directory as a squashfs that belongs to root and has no dates in it: the same files give the same bytes.
 * Uncompressed, so that the kernel needs no decompressor and a slow machine spends no time in one.
 */
export async function makeSquashfs(directory: string, path: string, signal?: AbortSignal): Promise<void> {
  await rm(path, { force: true });
  await chmod(directory, 0o755); // it becomes the guest's /
  await runCommand(
    'mksquashfs',
    [
      directory,
      path,
      '-all-root',
      '-mkfs-time',
      '0',
      '-all-time',
      '0',
      '-no-xattrs',
      '-reproducible',
      '-noI',
      '-noD',
      '-noF',
      '-noX',
      '-quiet',
      '-no-progress',
      '-noappend',
    ],
    { timeoutMs: 10 * 60_000, ...(signal ? { signal } : {}) },
  );
}
