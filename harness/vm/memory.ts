// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';

/**
 * The proportional set size of a process, in MiB: its private pages, and its share of those that others map as well
 * (`Pss` in /proc/PID/smaps_rollup, proc(5)). Null where the kernel does not provide it.
 */
export async function measureMemoryMib(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kib = /^Pss:\s+(\d+) kB/m.exec(text)?.[1];
  return kib === undefined ? null : Number(kib) / 1024;
}
