// SPDX-License-Identifier: MIT
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { crypto } from './crypto.ts';

/**
 * The part of a name that says which process owns a file, this one unless another is given: process id, start time (clock
 * ticks since boot), and a digest of the computer and the pid namespace in which both mean something.
 */
export function ownerTag(pid: number = process.pid): string {
  return `${pid}-${startTimeOf(String(pid))?.ticks ?? 0}-${findPlace()}`;
}

const TAG = /-(\d+)-(\d+)-([0-9a-f]{8})(?:-|$)/;

/** Whether the owner in a name is known to be dead. False for names without a tag, and for other computers' processes. */
export function isOwnerDead(name: string): boolean {
  const [, pid = '', ticks = '', place = ''] = TAG.exec(name) ?? [];
  if (place !== findPlace()) return false;
  const running = startTimeOf(pid);
  return running === null || running.ticks !== Number(ticks) || running.state === 'Z';
}

/** State and start time of a process from /proc/PID/stat (proc(5)), or null when there is none. */
function startTimeOf(pid: string): { readonly state: string; readonly ticks: number } | null {
  try {
    // The second field is the program's name in parentheses, which may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state: fields[0] ?? '', ticks: Number(fields[19]) };
  } catch {
    return null;
  }
}

function findPlace(): string {
  const namespace = readlinkSync('/proc/self/ns/pid');
  return crypto().createHash('sha256').update(`${hostname()} ${namespace}`).digest('hex').slice(0, 8);
}
