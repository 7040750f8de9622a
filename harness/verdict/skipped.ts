// SPDX-License-Identifier: MIT
import type { ScenarioVerdict, TrialResult } from '../model/index.ts';

/** The verdict on a scenario that was skipped on each arm, for what the kernels lack; null for any other. */
export function judgeSkipped(
  scenario: string,
  arms: readonly (readonly TrialResult[])[],
): ScenarioVerdict | null {
  const own = arms.map((trials) => trials.filter((trial) => !trial.control));
  const isSkipped = own.every((arm) => arm.length > 0 && arm.every((trial) => trial.outcome === 'skipped'));
  const reason = own[0]?.[0]?.reason;
  return isSkipped && reason !== undefined
    ? { scenario, comparison: 'skipped', reason, signatures: [] }
    : null;
}
