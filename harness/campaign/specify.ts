// SPDX-License-Identifier: MIT
import { Fault, type Kernel, type TrialResult, type TrialSpec } from '../model/index.ts';
import type { PlannedTrial } from './plan.ts';
import type { Prepared } from './prepare.ts';

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
      Object.entries(trial.scenario.l2).map(([name, wanted]) => [name, requireL2(prepared, wanted.kernel)]),
    ),
    timeoutMs: trial.scenario.timeoutMs,
    boot: trial.boot === 'clone' ? 'clone' : 'cold',
  };
}

function requireL2(prepared: Prepared, name: string): Kernel {
  const kernel = prepared.l2[name];
  if (kernel) return kernel;
  throw new Fault({
    blame: 'harness',
    code: 'CAMPAIGN_NO_KERNEL',
    message: `the kernel ${name} for a VM inside the guest was not built`,
  });
}

/** The account of a trial that never began. */
export function notRun(trial: PlannedTrial, reason: string): TrialResult {
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
