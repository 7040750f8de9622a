// SPDX-License-Identifier: MIT
import { availableParallelism, freemem } from 'node:os';
import {
  Fault,
  type Kernel,
  type TrialListener,
  type TrialResult,
  type TrialRunner,
  type TrialSpec,
} from '../model/index.ts';
import type { CampaignPlan, PlannedTrial } from './plan.ts';
import type { Prepared } from './prepare.ts';

/** Memory beside the guest's own that a machine costs, in MiB: QEMU itself and its translation cache. */
const MACHINE_OVERHEAD_MIB = 700;

/** Machines at once: one a core, and only as many as free memory holds. */
export function countMachines(memoryMib: number): number {
  const byMemory = Math.floor(freemem() / 1024 / 1024 / (memoryMib + MACHINE_OVERHEAD_MIB));
  return Math.max(1, Math.min(availableParallelism(), byMemory));
}

/** A planned trial made complete: kernels and image by digest. */
export function specifyTrial(trial: PlannedTrial, prepared: Prepared): TrialSpec {
  const kernel = prepared.kernels[trial.arm];
  if (!kernel)
    throw new Fault({
      blame: 'harness',
      code: 'CAMPAIGN_NO_KERNEL',
      message: `no kernel was built for the arm ${trial.arm}`,
    });
  return {
    format: 1,
    id: trial.id,
    scenario: trial.scenario.name,
    arm: trial.arm,
    attempt: trial.attempt,
    seed: trial.seed,
    kernel,
    image: prepared.image,
    settled: trial.scenario,
    machine: trial.scenario.machine,
    l2: Object.fromEntries(
      Object.entries(trial.scenario.l2).map(([name, wanted]) => [name, needL2(prepared, wanted.kernel)]),
    ),
    timeoutMs: trial.scenario.timeoutMs,
  };
}

function needL2(prepared: Prepared, name: string): Kernel {
  const kernel = prepared.l2[name];
  if (kernel) return kernel;
  throw new Fault({
    blame: 'harness',
    code: 'CAMPAIGN_NO_KERNEL',
    message: `the kernel ${name} for a VM inside the guest was not built`,
  });
}

/** Runs all trials, at most `jobs` at once, in the plan's order. When `signal` aborts, what has not begun is `notRun`. */
export async function executeTrials(
  plan: CampaignPlan,
  prepared: Prepared,
  jobs: number,
  run: TrialRunner,
  listen: TrialListener,
  signal: AbortSignal,
): Promise<TrialResult[]> {
  const results = new Map<string, TrialResult>();
  const queue = [...plan.trials];
  const work = async (): Promise<void> => {
    for (let trial = queue.shift(); trial; trial = queue.shift()) {
      if (signal.aborted) {
        results.set(trial.id, notRun(trial, 'the run was interrupted'));
        continue;
      }
      const spec = specifyTrial(trial, prepared);
      const result = await run(spec, listen, signal).catch((error: unknown) =>
        failedRunner(trial, error, signal.aborted),
      );
      results.set(trial.id, result);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return plan.trials.map((trial) => results.get(trial.id) ?? notRun(trial, 'it was never reached'));
}

function notRun(trial: PlannedTrial, reason: string): TrialResult {
  return {
    format: 1,
    id: trial.id,
    scenario: trial.scenario.name,
    arm: trial.arm,
    attempt: trial.attempt,
    outcome: 'notRun',
    blame: null,
    reason,
    findings: [],
    splats: [],
    steps: [],
    startedAt: new Date().toISOString(),
    durationMs: 0,
    bootMs: null,
    accelerator: '',
    files: {},
    machineCommand: '',
  };
}

function failedRunner(trial: PlannedTrial, error: unknown, aborted: boolean): TrialResult {
  if (aborted) return notRun(trial, 'the run was interrupted');
  const fault = error instanceof Fault ? error : null;
  const blame = fault && fault.blame !== 'request' ? fault.blame : 'harness';
  const detail = error instanceof Error ? error.message : String(error);
  return { ...notRun(trial, detail), outcome: 'failed', blame };
}
