// SPDX-License-Identifier: MIT
import type { CloneSummary, TrialResult } from '../model/index.ts';

/**
 * Compares the controls among some trials with the clones of the same scenario and arm. A control agrees when one of them
 * has the same outcome, blame and signatures: a race may show in some trials only, in clones as on cold-booted machines. A
 * control without a clone that ran is not compared. Pure.
 */
export function compareClones(all: readonly TrialResult[]): CloneSummary {
  const trials = all.filter((trial) => !trial.control);
  const clones = trials.filter((trial) => trial.bootMethod?.kind === 'clone');
  const disagreements: { control: string; reason: string }[] = [];
  let compared = 0;
  for (const control of all) {
    if (!control.control || control.outcome === 'notRun') continue;
    const twins = clones.filter(
      (trial) =>
        trial.scenario === control.scenario &&
        trial.arm === control.arm &&
        trial.widened === control.widened &&
        trial.outcome !== 'notRun',
    );
    if (twins.length === 0) continue;
    compared += 1;
    const ends = [...new Set(twins.map(describeEnd))];
    if (ends.includes(describeEnd(control))) continue;
    disagreements.push({
      control: control.id,
      reason: `cold boot: ${describeEnd(control)}; ${twins.length === 1 ? 'clone' : `${twins.length} clones`}: ${ends.join(' or ')}`,
    });
  }
  const fellBack = trials.flatMap(({ id, bootMethod }) =>
    bootMethod !== null && bootMethod.fallbackReason !== null
      ? [{ trial: id, reason: bootMethod.fallbackReason }]
      : [],
  );
  return { clones: clones.length, fellBack, compared, disagreements };
}

function describeEnd(trial: TrialResult): string {
  const signatures = [...new Set(trial.findings.map((finding) => finding.signature))].sort();
  const blame = trial.blame === null ? '' : ` (${trial.blame})`;
  return [`${trial.outcome}${blame}`, ...signatures].join(', ');
}
