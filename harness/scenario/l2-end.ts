// SPDX-License-Identifier: MIT
import { type Guest, type GuestResult, quoteArgs } from '../model/index.ts';
import { quoteOutput } from './check.ts';
import type { Job } from './jobs.ts';
import { consolePathOf } from './l2.ts';
import type { Failure } from './step.ts';

const LAST_LINES = 20;
const LAST_BYTES = 256 * 1024;

/** The lines that a VM inside the guest has printed on its console; none while there is no console. */
export async function readConsole(name: string, guest: Guest, timeoutMs: number): Promise<readonly string[]> {
  const command = quoteArgs(['tail', '-c', String(LAST_BYTES), consolePathOf(name)]);
  const { exitCode, stdout } = await guest.run(command, { timeoutMs });
  // What follows the last line feed is a line that is still being printed.
  return exitCode === 0 ? stdout.split(/\r?\n/).slice(0, -1) : [];
}

/** The last lines of a console, for a record. */
export function quoteConsole(lines: readonly string[]): readonly string[] {
  return lines.slice(-LAST_LINES).map((line) => `console: ${line}`);
}

/** How a QEMU ended. */
export function describeVmEnd({ signal, exitCode }: GuestResult): string {
  return signal === null ? `exited with code ${exitCode}` : `was killed by SIG${signal}`;
}

/** Looks whether a VM has ended that a step needs: null while it runs; otherwise how it ended, with its last lines. */
export async function findVmEnd(job: Job, guest: Guest, timeoutMs: number): Promise<Failure | null> {
  const end = await job.wait(1);
  if (end === null) return null;
  const lines = await readConsole(job.name, guest, timeoutMs);
  return {
    what: 'VM ended',
    title: `the VM ${job.name} ended by itself: its QEMU ${describeVmEnd(end)}`,
    details: [...quoteOutput(end), ...quoteConsole(lines)],
  };
}
