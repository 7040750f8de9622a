// SPDX-License-Identifier: MIT
import type { Finding, TrialResult } from '../model/index.ts';
import { GUEST_UNREACHABLE } from './judge.ts';

/**
 * Decides who is to blame for guests that never became reachable, which no trial can know by itself. Such a failure is the
 * kernel's once the same scenario, and so the same image and machine, came up on the base: then this computer can boot it.
 * Else it stays the lab's. What is not reachable on the base itself stays the lab's too. Pure; doing it twice changes nothing.
 */
export function settleReachability(trials: readonly TrialResult[], baseArm: string): TrialResult[] {
  const cameUp = new Set(
    trials.filter((trial) => trial.arm === baseArm && trial.bootMs !== null).map((trial) => trial.scenario),
  );
  return trials.map((trial) =>
    trial.arm !== baseArm && isUnreachable(trial) && cameUp.has(trial.scenario) ? blameKernel(trial) : trial,
  );
}

function isUnreachable({ outcome, blame, fault, bootMs }: TrialResult): boolean {
  return outcome === 'failed' && blame === 'lab' && fault === GUEST_UNREACHABLE && bootMs === null;
}

function blameKernel(trial: TrialResult): TrialResult {
  const death: Finding = {
    kind: 'death',
    signature: 'death:boot',
    title: 'the kernel did not boot',
    step: null,
    details: [trial.reason],
    splat: null,
  };
  const explained = trial.findings.some((finding) => finding.kind === 'splat');
  return {
    ...trial,
    blame: 'kernel',
    reason: `the kernel did not boot, and the base did: ${trial.reason}`,
    findings: explained ? trial.findings : [...trial.findings, death],
  };
}
