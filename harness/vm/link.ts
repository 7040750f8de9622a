// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { link, rename, rm } from 'node:fs/promises';
import { exists, ownerTag, runCommand } from '../host/index.ts';

/**
 * Makes `to` the same file as `from` where both are on one file system, else a copy without its holes. A `to` that is there
 * already is left alone. Somebody who opens `to` sees it whole or not at all.
 */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  if (await exists(to)) return;
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    await copySparse(from, to);
  }
}

/** A disk has gigabytes of empty space behind its content. */
async function copySparse(from: string, to: string): Promise<void> {
  // Several trials of this process may copy the same disk at once.
  const part = `${to}.part-${ownerTag()}-${randomBytes(6).toString('hex')}`;
  try {
    await runCommand('cp', ['--sparse=always', '--reflink=auto', from, part]);
    await rename(part, to);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
