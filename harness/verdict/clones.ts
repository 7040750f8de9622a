// SPDX-License-Identifier: MIT
import type { CloneSummary, TrialResult } from '../model/index.ts';

/**
 * Holds the control sample against the clones of the same scenario and arm. A control agrees when one of them came to
 * the same outcome, with the same signatures: a race shows itself now and then, in clones as in booted machines. One
 * whose clones are all replaced or not run has nothing to be compared with. Pure.
 */
export function compareClones(
  trials: readonly TrialResult[],
  controls: readonly TrialResult[],
): CloneSummary {
  const clones = trials.filter((trial) => trial.bootMethod?.kind === 'clone');
  const disagreements: { control: string; reason: string }[] = [];
  let compared = 0;
  for (const control of controls) {
    const twins = clones.filter(
      (trial) =>
        trial.scenario === control.scenario && trial.arm === control.arm && trial.outcome !== 'notRun',
    );
    if (twins.length === 0 || control.outcome === 'notRun') continue;
    compared += 1;
    if (twins.some((twin) => describeEnd(twin) === describeEnd(control))) continue;
    const ends = [...new Set(twins.map(describeEnd))];
    disagreements.push({
      control: control.id,
      reason: `booted: ${describeEnd(control)}; in ${twins.length === 1 ? 'a clone' : `${twins.length} clones`}: ${ends.join(' or ')}`,
    });
  }
  const fellBack = trials.flatMap((trial) =>
    typeof trial.bootMethod?.fallbackReason === 'string'
      ? [{ trial: trial.id, reason: trial.bootMethod.fallbackReason }]
      : [],
  );
  return { clones: clones.length, fellBack, compared, disagreements };
}

function describeEnd(trial: TrialResult): string {
  const signatures = [...new Set(trial.findings.map((finding) => finding.signature))].sort();
  const blame = trial.blame === null ? '' : ` (${trial.blame})`;
  return [`${trial.outcome}${blame}`, ...signatures].join(', ');
}
