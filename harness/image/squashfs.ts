// SPDX-License-Identifier: MIT
import { chmod, rm } from 'node:fs/promises';
import { runCommand } from '../host/index.ts';

/** Nothing in it is compressed: a slow machine spends no time on that. The kernel still asks for the decompressor it names. */
const PLAIN = ['-noI', '-noD', '-noF', '-noX'];
/** Everything belongs to root and nothing has a date: the same files give the same bytes. */
const SAME = ['-all-root', '-mkfs-time', '0', '-all-time', '0', '-no-xattrs', '-reproducible'];
/** A debug kernel under emulation pays by the block: the guest's QEMU starts a fifth sooner than with the usual 128 KiB. */
const BLOCK = ['-b', '1M'];

/** Packs a directory as a squashfs file, in place of what stood at the path. */
export async function makeSquashfs(directory: string, path: string, signal?: AbortSignal): Promise<void> {
  await rm(path, { force: true });
  await chmod(directory, 0o755); // it becomes the guest's /
  await runCommand(
    'mksquashfs',
    [directory, path, ...SAME, ...PLAIN, ...BLOCK, '-quiet', '-no-progress', '-noappend'],
    { timeoutMs: 10 * 60_000, ...(signal ? { signal } : {}) },
  );
}
