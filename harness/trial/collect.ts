// SPDX-License-Identifier: MIT
import type { Guest, Splat, Timeouts } from '../model/index.ts';
import { findMissingSplats, readKmsg, scanLog } from '../splat/index.ts';
import type { Machine } from '../vm/index.ts';

/** The guest's own copy of the kernel's log: the second evidence, complete where the console lost bytes. */
export const LOG_FILE = 'dmesg.txt';

/** Reads the guest's own copy of the kernel's log; null where nobody in the guest answers. */
export async function readGuestLog(
  machine: Machine,
  guest: Guest,
  { collectMs }: Pick<Timeouts, 'collectMs'>,
): Promise<string | null> {
  const log = await machine.readLog(collectMs);
  if (log !== null) return log;
  const dmesg = await guest.run('dmesg', { timeoutMs: collectMs }).catch(() => null);
  return dmesg?.exitCode === 0 ? dmesg.stdout : null;
}

/** The guest's log made readable, and what is missing in it. */
export interface GuestLog {
  readonly text: Buffer;
  readonly notes: readonly string[];
}

/** Removes the levels and record headers of a guest's log, and reports where it has gaps. */
export function cleanGuestLog(log: string): GuestLog {
  const { log: text, gaps } = readKmsg(log.replace(/^<\d+>/gm, ''));
  const lost = gaps.reduce((sum, gap) => sum + gap.records, 0);
  const notes: string[] = [];
  if (lost > 0)
    notes.push(
      `the kernel overwrote ${lost} record(s) of its own log before they were read: ${LOG_FILE} has a gap`,
    );
  else if (!/^.{0,60}Linux version /m.test(text.toString('latin1')))
    notes.push(`the kernel's own log no longer has its beginning: ${LOG_FILE} starts later than the console`);
  return { text, notes };
}

/** The splats that only the guest's own log has, with a note for each signature. */
export function compareLogs(
  console: readonly Splat[],
  log: GuestLog,
): { readonly missing: readonly Splat[]; readonly notes: readonly string[] } {
  const missing = findMissingSplats(console, scanLog(log.text));
  const titles = [...new Set(missing.map((splat) => splat.title))];
  return { missing, notes: titles.map((title) => `only ${LOG_FILE} has it, the console does not: ${title}`) };
}
