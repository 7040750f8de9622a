// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';

/**
 * What a process holds in memory, in MiB: pages of its own, and its share of those that others map too (Pss in
 * /proc/PID/smaps_rollup, proc(5)). Null where the kernel does not tell.
 */
export async function measureMemoryMib(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kib = /^Pss:\s+(\d+) kB/m.exec(text)?.[1];
  return kib === undefined ? null : Number(kib) / 1024;
}
