// SPDX-License-Identifier: MIT
import type { ArmPower, ScenarioVerdict, TrialResult } from '../model/index.ts';
import { detectableRate } from './binomial.ts';
import { countBoots } from './boots.ts';

type Power = NonNullable<ScenarioVerdict['power']>;

/** What conclusive trials of one arm would have shown. */
export function measurePower(trials: readonly TrialResult[]): ArmPower {
  const boots = countBoots(trials);
  return { trials: trials.length, boots, detects: detectableRate(boots) };
}

/** Says what trials that showed nothing prove: `a fault in 63.2 % of the boots or more would have been seen with 95 % confidence`. */
export function describePower({ base, patched }: Power): string {
  const detects = Math.max(base.detects, patched?.detects ?? 0);
  return `a fault in ${(detects * 100).toFixed(1)} % of the boots or more would have been seen with 95 % confidence`;
}
