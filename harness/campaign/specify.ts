// SPDX-License-Identifier: MIT
import { Fault, identifyKernel, type Kernel, type TrialResult, type TrialSpec } from '../model/index.ts';
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
    control: trial.boot === 'control',
    seed: trial.seed,
    kernel: identifyKernel(kernel),
    image: { digest: prepared.image.digest, name: prepared.image.name },
    settled: trial.scenario,
    l2: Object.fromEntries(
      Object.entries(trial.scenario.l2).map(([name, wanted]) => [
        name,
        identifyKernel(requireL2(prepared, wanted.kernel)),
      ]),
    ),
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
    control: trial.boot === 'control',
    kernel: null,
    outcome: 'notRun',
    blame: null,
    fault: null,
    reason,
    findings: [],
    splats: [],
    splatCount: 0,
    steps: [],
    notes: [],
    startedAt: new Date().toISOString(),
    durationMs: 0,
    bootMs: null,
    bootMethod: null,
    accelerator: null,
    files: {},
    machineCommand: null,
  };
}
