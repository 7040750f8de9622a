// SPDX-License-Identifier: MIT
import { groupFindings, isConclusive, type ScenarioVerdict, type TrialResult } from '../model/index.ts';
import { trialsToDetect } from './binomial.ts';

/** A question about the arms between the base and the whole series. */
export interface TurnQuestion {
  /** What the two ends say about the scenario. */
  readonly verdict: ScenarioVerdict;
  /** Names of all arms in the series' order, the base first. */
  readonly arms: readonly string[];
  /** The scenario's trials so far, on all arms. */
  readonly trials: readonly TrialResult[];
}

/**
 * How many conclusive trials each arm between the ends needs before the grid can name a patch, by the arm's name. One each; but the
 * arm without a fault that stands next to one with it needs so many that the fault, were it there as often as on the
 * end that shows it, would have been seen with 95 % confidence. A fault that was seen needs no second look.
 */
export function countTrialsBetween({ verdict, arms, trials }: TurnQuestion): ReadonlyMap<string, number> {
  const conclusive = trials.filter((trial) => !trial.control && isConclusive(trial));
  const groups = groupFindings(conclusive.flatMap((trial) => trial.findings));
  const groupOf = (signature: string) => groups.get(signature) ?? signature;
  const wanted = new Map(arms.slice(1, -1).map((arm) => [arm, 1]));
  for (const { comparison, signature, base, patched } of verdict.signatures) {
    const end = comparison === 'fixed' ? base : comparison === 'regressed' ? patched : null;
    if (end === null) continue;
    const shows = arms.map((arm) =>
      conclusive.some(
        (trial) =>
          trial.arm === arm &&
          trial.findings.some((finding) => groupOf(finding.signature) === groupOf(signature)),
      ),
    );
    const place = comparison === 'fixed' ? shows.lastIndexOf(true) + 1 : shows.lastIndexOf(false);
    const arm = arms[place];
    // By Laplace's rule of succession: the end's own trials are few.
    const rate = (end.seen + 1) / (end.trials + 2);
    if (arm !== undefined && wanted.has(arm))
      wanted.set(arm, Math.max(wanted.get(arm) ?? 1, trialsToDetect(rate)));
  }
  return wanted;
}
