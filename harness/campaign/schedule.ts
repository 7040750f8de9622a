// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import { availableMemoryMib } from '../host/index.ts';
import type { CampaignState, PlannedTrial } from '../model/index.ts';

/** How long a trial is expected to take, in milliseconds; null where nothing is known of its kind. */
export type Expectation = (trial: PlannedTrial) => number | null;

/**
 * The order in which trials start: first attempts first; within an attempt the scenario with the longest trial first,
 * so that no long one is left over at the end; the arms of a scenario next to each other, so that they see the same hour.
 * A scenario of which nothing is known counts as long.
 */
export function orderTrials(trials: readonly PlannedTrial[], expect: Expectation): PlannedTrial[] {
  const longest = new Map<string, number>();
  for (const trial of trials) {
    const key = groupOf(trial);
    longest.set(key, Math.max(longest.get(key) ?? 0, expect(trial) ?? Number.POSITIVE_INFINITY));
  }
  const rank = (trial: PlannedTrial) => longest.get(groupOf(trial)) ?? 0;
  return trials
    .map((trial, index) => ({ trial, index }))
    .sort((a, b) => {
      if (a.trial.attempt !== b.trial.attempt) return a.trial.attempt - b.trial.attempt;
      const [left, right] = [rank(a.trial), rank(b.trial)];
      return left === right ? a.index - b.index : right - left;
    })
    .map(({ trial }) => trial);
}

function groupOf(trial: PlannedTrial): string {
  return `${trial.attempt} ${trial.scenario}`;
}

/**
 * Time until the last trial ends, in milliseconds, when `slots` machines take the waiting trials in their order.
 * `running` are what remains of those that run. Null when the length of any waiting trial is unknown.
 */
export function estimateRemainingMs(
  running: readonly number[],
  waiting: readonly (number | null)[],
  slots: number,
): number | null {
  const free = [...running, ...Array.from({ length: Math.max(0, slots - running.length) }, () => 0)];
  for (const length of waiting) {
    if (length === null) return null;
    free.sort((a, b) => a - b);
    free[0] = (free[0] ?? 0) + length;
  }
  return Math.max(0, ...free);
}

/** What a trial needs of the computer while it runs. */
export interface Needs {
  readonly memoryMib: number;
  /** Whether its machine runs VMs itself. Absent: it does not. */
  readonly l2?: true;
  /** Whether it holds a device of this computer, which one machine at a time can have. Absent: it does not. */
  readonly device?: true;
}

/** What this computer has for all machines together. */
export interface Capacity {
  /** Machines at once. */
  readonly jobs: number;
  /** Machines at once that run VMs themselves; they count among `jobs`. */
  readonly l2Jobs: number;
  readonly memoryMib: number;
}

/**
 * The next trial to start, or null when none may start now. A trial that does not fit into what is left is skipped in favour
 * of a later one that does. When nothing runs, the first trial may start whatever it needs.
 */
export function chooseNext<T>(
  waiting: readonly T[],
  running: readonly Needs[],
  capacity: Capacity,
  needsOf: (trial: T) => Needs,
): T | null {
  if (running.length >= capacity.jobs) return null;
  if (running.length === 0) return waiting[0] ?? null;
  const left = capacity.memoryMib - running.reduce((sum, one) => sum + one.memoryMib, 0);
  const held = running.some((one) => one.device);
  const full = running.filter((one) => one.l2).length >= capacity.l2Jobs;
  const fits = (needs: Needs) => needs.memoryMib <= left && !(held && needs.device) && !(full && needs.l2);
  return waiting.find((trial) => fits(needsOf(trial))) ?? null;
}

/** Memory beside the guest's own that a machine costs, in MiB: QEMU itself and its translation cache. */
const MACHINE_OVERHEAD_MIB = 700;
/** The part of the free memory that machines may use; the rest is for builds, page cache and the user. */
const MEMORY_PART = 0.9;

/** A machine is idle about half of its time: it waits for timeouts, for jobs that must block, and for the power-off. */
const MACHINES_PER_CORE = 2;

/**
 * What this computer has for machines: two per core unless `jobs` says otherwise, and most of its free memory. A machine that
 * runs VMs itself keeps a core busy: at most one of those per core.
 */
export async function measureCapacity(jobs: number | null): Promise<Capacity> {
  const cores = availableParallelism();
  return {
    jobs: jobs ?? MACHINES_PER_CORE * cores,
    l2Jobs: cores,
    memoryMib: Math.floor((await availableMemoryMib()) * MEMORY_PART),
  };
}

/** What a trial of a campaign needs while it runs. */
export function needsOf(id: string, { plan, trials }: CampaignState): Needs {
  const name = trials.find((trial) => trial.id === id)?.scenario;
  const scenario = plan.scenarios.find((one) => one.name === name);
  return {
    memoryMib: (scenario?.machine.memoryMib ?? 0) + MACHINE_OVERHEAD_MIB,
    ...(Object.keys(scenario?.l2 ?? {}).length > 0 ? { l2: true as const } : {}),
    ...((scenario?.needs?.pci ?? null) === null ? {} : { device: true as const }),
  };
}
