// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Guest } from '../model/index.ts';

/** Takes the guest's own copy of the kernel log beside the console's: second evidence, complete where a console lost bytes. */
export async function collectEvidence(guest: Guest, directory: string): Promise<void> {
  const log = await guest.run('dmesg', { timeoutMs: 60_000 }).catch(() => null);
  if (log?.exitCode === 0) await writeFile(join(directory, 'dmesg.txt'), log.stdout);
}
