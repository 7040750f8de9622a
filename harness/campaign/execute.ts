// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import { availableMemoryMib } from '../host/index.ts';
import { Fault, type RunEmitter, type TrialResult, type TrialRunner } from '../model/index.ts';
import type { Durations } from './durations.ts';
import type { CampaignPlan, PlannedTrial } from './plan.ts';
import type { Prepared } from './prepare.ts';
import { chooseNext, estimateRemainingMs, type Room } from './schedule.ts';
import { notRun, specifyTrial } from './specify.ts';

/** Memory beside the guest's own that a machine costs, in MiB: QEMU itself and its translation cache. */
const MACHINE_OVERHEAD_MIB = 700;

/** The part of the memory measured that machines may use; the rest is for builds, page cache and the user. */
const MEMORY_PART = 0.9;

/** Beyond this a trial's own deadlines have failed, and its machine is stopped from outside: boot, steps, teardown. */
const trialLimitMs = (timeoutMs: number) => 30 * 60_000 + 25 * timeoutMs;

/** What this computer has for trials: a machine a core unless `jobs` says otherwise, and most of its free memory. */
export async function measureRoom(jobs: number | null): Promise<Room> {
  return {
    jobs: jobs ?? availableParallelism(),
    memoryMib: Math.floor((await availableMemoryMib()) * MEMORY_PART),
  };
}

export interface Execution {
  readonly plan: CampaignPlan;
  readonly prepared: Prepared;
  readonly room: Room;
  readonly durations: Durations;
  readonly run: TrialRunner;
  readonly listen: RunEmitter;
  readonly signal: AbortSignal;
}

/**
 * Runs all trials, each as soon as cores and memory allow, in the order given. A trial whose kernel was not built, and
 * when `signal` aborts every one that has not begun, is `notRun`. Results come in the plan's order.
 */
export async function executeTrials(
  execution: Execution,
  order: readonly PlannedTrial[],
): Promise<TrialResult[]> {
  const { plan, prepared, room, durations, listen, signal } = execution;
  const results = new Map<string, TrialResult>();
  const waiting = [...order];
  const running = new Map<PlannedTrial, { readonly startedAt: number; readonly done: Promise<void> }>();
  const needsOf = (trial: PlannedTrial) => ({
    memoryMib: trial.scenario.machine.memoryMib + MACHINE_OVERHEAD_MIB,
  });
  const emitQueue = () => {
    const now = performance.now();
    const rest = [...running].map(([trial, { startedAt }]) =>
      Math.max(0, (durations.expect(trial) ?? 0) - (now - startedAt)),
    );
    const known = [...running.keys()].every((trial) => durations.expect(trial) !== null);
    listen({
      type: 'queueChanged',
      done: results.size,
      running: running.size,
      waiting: waiting.length,
      remainingMs: known ? estimateRemainingMs(rest, waiting.map(durations.expect), room.jobs) : null,
    });
  };
  const start = (trial: PlannedTrial) => {
    const done = runTrial(trial, execution).then((result) => {
      results.set(trial.id, result);
      durations.learn(result);
      running.delete(trial);
    });
    running.set(trial, { startedAt: performance.now(), done });
  };
  while (waiting.length > 0 || running.size > 0) {
    if (signal.aborted)
      for (const trial of waiting.splice(0)) results.set(trial.id, notRun(trial, 'the run was interrupted'));
    const next = chooseNext(waiting, [...running.keys()].map(needsOf), room, needsOf);
    if (next) {
      waiting.splice(waiting.indexOf(next), 1);
      if (prepared.kernels[next.arm]) start(next);
      else results.set(next.id, notRun(next, `the kernel of ${next.arm} does not compile`));
      continue;
    }
    emitQueue();
    await Promise.race([...running.values()].map((one) => one.done));
  }
  emitQueue();
  return plan.trials.map((trial) => results.get(trial.id) ?? notRun(trial, 'it was never reached'));
}

/** One trial, ended from outside when it does not end by itself. Never rejects. */
async function runTrial(trial: PlannedTrial, execution: Execution): Promise<TrialResult> {
  const { prepared, run, listen, signal } = execution;
  const overdue = new AbortController();
  const limitMs = trialLimitMs(trial.scenario.timeoutMs);
  const timer = setTimeout(() => overdue.abort(), limitMs);
  try {
    const spec = specifyTrial(trial, prepared);
    return await run(spec, listen, AbortSignal.any([signal, overdue.signal]));
  } catch (error) {
    if (signal.aborted) return notRun(trial, 'the run was interrupted');
    if (overdue.signal.aborted)
      return {
        ...notRun(trial, `it did not end within ${Math.round(limitMs / 60_000)} min and was stopped`),
        outcome: 'failed',
        blame: 'harness',
      };
    const fault = error instanceof Fault ? error : null;
    const blame = fault && fault.blame !== 'request' ? fault.blame : 'harness';
    const detail = error instanceof Error ? error.message : String(error);
    return { ...notRun(trial, detail), outcome: 'failed', blame };
  } finally {
    clearTimeout(timer);
  }
}
