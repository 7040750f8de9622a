// SPDX-License-Identifier: MIT
import { type ArmCount, type ArmPower, isConclusive, type TrialResult } from '../model/index.ts';
import { estimateRate } from './binomial.ts';
import { countBoots } from './boots.ts';
import { isExact } from './exact.ts';
import { describePower } from './numbers.ts';

/** How often trials of an arm showed what was seen in some of them. */
export function countArm(trials: readonly TrialResult[], seenIn: readonly string[]): ArmCount {
  if (isExact(trials)) return { seen: seenIn.length, trials: trials.length };
  const boots = countBoots(trials);
  const shown = countBoots(trials.filter((trial) => seenIn.includes(trial.id)));
  return { seen: seenIn.length, trials: trials.length, boots, interval: estimateRate(shown, boots) };
}

/** The trials that count: those that say something of their kernel, without controls. */
export function conclusiveOf(trials: readonly TrialResult[]): readonly TrialResult[] {
  return trials.filter((trial) => !trial.control && isConclusive(trial));
}

/** Why an arm could not be judged: its first trial that was lost. */
export function describeLost(trials: readonly TrialResult[]): string {
  const lost = trials.find((trial) => !trial.control && !isConclusive(trial));
  return lost ? `${lost.id}: ${lost.blame ?? lost.outcome}: ${lost.reason}` : 'no trial was run';
}

/** Says that no trial of the base showed the fault that the scenario is to reproduce; null if one did, or none is named. */
export function findMissing(base: readonly TrialResult[], power: ArmPower): string | null {
  if (!base.some((trial) => trial.reproduced === false) || base.some((trial) => trial.reproduced))
    return null;
  return `the fault that it is to reproduce did not show in ${base.length} trial${base.length === 1 ? '' : 's'}; ${describePower({ base: power, patched: null })}`;
}
