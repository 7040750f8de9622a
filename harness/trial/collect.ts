// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Guest } from '../model/index.ts';
import type { Machine } from '../vm/index.ts';

/** How long the guest may take to tell its log, in milliseconds. */
const LOG_MS = 60_000;

/** Takes the guest's own copy of the kernel log beside the console's: second evidence, complete where a console lost bytes. */
export async function collectEvidence(machine: Machine, guest: Guest, directory: string): Promise<void> {
  const log = (await machine.readLog(LOG_MS)) ?? (await runDmesg(guest));
  if (log !== null) await writeFile(join(directory, 'dmesg.txt'), log.replace(/^<\d+>/gm, ''));
}

async function runDmesg(guest: Guest): Promise<string | null> {
  const log = await guest.run('dmesg', { timeoutMs: LOG_MS }).catch(() => null);
  return log?.exitCode === 0 ? log.stdout : null;
}
