// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LimitName, Limits } from '../model/index.ts';
import type { SandboxJob } from './sandbox-argv.ts';

/** A bound that what runs in a sandbox went beyond. */
export interface Excess {
  readonly limit: LimitName;
  /** The bound, after "exceeded": `4096 processes`. */
  readonly what: string;
  /** What was counted, in the unit of the bound; of disk space, MiB that went away since the start. */
  readonly got: number;
  /** Free space on the disk by then, in MiB; of a bound on disk space only. */
  readonly leftMib?: number;
}

/** The watch over one sandbox. */
export interface SandboxWatch {
  /** Kills the sandbox's first process, and by that all; false when it is not known yet. */
  kill(): boolean;
  /** Ends the watch, and waits until no process of the sandbox is left. */
  close(): Promise<void>;
}

const EVERY_MS = 250;
/** Free space below which a sandbox that took the rest is ended; less on a small disk. */
const RESERVE_MIB = 512;
/** Part of the computer's memory that a sandbox may take whatever its bound is. */
const MEMORY_SHARE = 0.8;
/** The kernel kills the rest when the first process dies; a process in the middle of a long write needs that long. */
const GONE_MS = 30_000;

const MIB = 1024 * 1024;

/**
 * Counts what a sandbox takes, several times a second: processes, memory, time, and space on the disk of its writable
 * directories. Calls `onExcess` once, when a bound is exceeded, and ends the sandbox.
 */
export function watchSandbox(job: SandboxJob, onExcess: (excess: Excess) => void): SandboxWatch {
  const startedAt = performance.now();
  const free = new Map(job.writable.map(({ path }) => [path, freeMib(path)]));
  let first: Process | null = null;
  let isOpen = true;
  let timer: NodeJS.Timeout | undefined;
  const kill = (): boolean => {
    first ??= findFirst(job.sandbox.state);
    if (first === null || !isThere(first)) return false;
    try {
      process.kill(first.pid, 'SIGKILL');
      return true;
    } catch {
      return false;
    }
  };
  const look = () => {
    if (!isOpen) return;
    first ??= findFirst(job.sandbox.state);
    const taken = {
      ...(first === null ? { processes: 0, memoryMib: 0 } : measure(first.pid)),
      minutes: (performance.now() - startedAt) / 60_000,
    };
    const excess = findExcess(job.limits, taken) ?? findLackOfSpace(job.limits, free);
    if (excess) {
      isOpen = false;
      onExcess(excess);
      kill();
      return;
    }
    timer = setTimeout(look, EVERY_MS);
  };
  timer = setTimeout(look, EVERY_MS);
  return {
    kill,
    async close() {
      isOpen = false;
      clearTimeout(timer);
      first ??= findFirst(job.sandbox.state);
      const giveUpAt = performance.now() + GONE_MS;
      while (first && isThere(first) && performance.now() < giveUpAt) {
        kill();
        await sleep(5);
      }
    },
  };
}

interface Process {
  readonly pid: number;
  /** In clock ticks since the computer started: a later process with the same number has another. */
  readonly startedAt: string;
}

/** The first process of the sandbox, from what bubblewrap wrote; null before that. */
function findFirst(state: string): Process | null {
  const pid = Number(/"child-pid": (\d+)/.exec(read(state))?.[1]);
  const startedAt = pid > 0 ? startOf(pid) : null;
  return startedAt === null ? null : { pid, startedAt };
}

function isThere({ pid, startedAt }: Process): boolean {
  return startOf(pid) === startedAt;
}

/** When a process was started; null when it is gone, or is a zombie: then all other processes of its namespace are gone. */
function startOf(pid: number): string | null {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
}

/** Threads and memory of all processes in the sandbox, as the sandbox's own /proc lists them. */
function measure(pid: number): { readonly processes: number; readonly memoryMib: number } {
  const root = `/proc/${pid}/root`;
  let processes = 0;
  let kib = 0;
  // Until it is set up, its first process sees the files and processes of the computer.
  const space = link(`/proc/${pid}/ns/pid`);
  if (space === null || link(`${root}/proc/1/ns/pid`) !== space) return { processes: 0, memoryMib: 0 };
  for (const name of list(`${root}/proc`)) {
    if (!/^\d+$/.test(name)) continue;
    const status = read(`${root}/proc/${name}/status`);
    processes += Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 1);
    for (const [, size] of status.matchAll(/^(?:RssAnon|RssShmem|VmSwap):\s+(\d+) kB/gm)) kib += Number(size);
  }
  return { processes, memoryMib: kib / 1024 + usedMib(`${root}/tmp`) };
}

interface Taken {
  readonly processes: number;
  readonly memoryMib: number;
  readonly minutes: number;
}

function findExcess(limits: Limits, taken: Taken): Excess | null {
  const { processes, memoryMib, minutes } = taken;
  const share = Math.floor((totalmem() / MIB) * MEMORY_SHARE);
  const mostMib = Math.min(limits['build-memory-mib'], share);
  const memory =
    mostMib === share
      ? `${share} MiB of memory, four fifths of what this computer has`
      : `${mostMib} MiB of memory`;
  const bounds = [
    ['build-processes', processes, limits['build-processes'], `${limits['build-processes']} processes`],
    ['build-memory-mib', memoryMib, mostMib, memory],
    ['build-minutes', minutes, limits['build-minutes'], `${limits['build-minutes']} minutes`],
  ] as const;
  const found = bounds.find(([, got, most]) => got > most);
  return found ? { limit: found[0], got: Math.floor(found[1]), what: found[3] } : null;
}

/** Space that went away since the start; who took it is for the caller to find out. */
function findLackOfSpace(limits: Limits, before: ReadonlyMap<string, number>): Excess | null {
  const mostMib = limits['build-output-gib'] * 1024;
  for (const [path, atFirst] of before) {
    const now = freeMib(path);
    const got = Math.floor(atFirst - now);
    const limit = 'build-output-gib';
    if (got > mostMib) return { limit, got, leftMib: now, what: `${limits[limit]} GiB on the disk` };
    if (now < Math.min(RESERVE_MIB, atFirst / 10) && now < got)
      return { limit, got, leftMib: now, what: `the ${Math.floor(atFirst)} MiB that were free on the disk` };
  }
  return null;
}

function freeMib(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return (bavail * bsize) / MIB;
  } catch {
    return 0;
  }
}

function usedMib(path: string): number {
  try {
    const { blocks, bfree, bsize } = statfsSync(path);
    return ((blocks - bfree) * bsize) / MIB;
  } catch {
    return 0;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function link(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
