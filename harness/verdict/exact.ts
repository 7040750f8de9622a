// SPDX-License-Identifier: MIT
import type { ArmCount, Comparison, SignatureVerdict, TrialResult } from '../model/index.ts';

/** Whether trials booted nothing, so that they cannot come out in another way. */
export function isExact(trials: readonly TrialResult[]): boolean {
  return trials.length > 0 && trials.every((trial) => trial.static === true);
}

/** What checks of trees and objects found on one of the two arms at least: one look at each decides. */
export function compareExact({
  base,
  patched,
}: {
  readonly base: ArmCount;
  readonly patched: ArmCount;
}): Comparison {
  if (patched.seen === 0) return 'fixed';
  return base.seen > 0 ? 'notFixed' : 'regressed';
}

/** What is known of a static scenario before it is summed up: no rate of boots, and no suite. */
export function exactSummary(scenario: string, signatures: readonly SignatureVerdict[], clean: string) {
  return { scenario, signatures, power: undefined, subtests: undefined, clean, missing: null };
}
