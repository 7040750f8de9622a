// SPDX-License-Identifier: MIT
import type { CampaignState, ScenarioVerdict, TrialState } from '../../model/index.ts';
import { countTrialsBetween } from '../../verdict/index.ts';
import { MOST_LOST, sortAttempts, takeAttempts } from './attempts.ts';

/**
 * The trials that are worth running now on the arms between the base and the whole series, for one scenario: one on each, and
 * then more where the answer decides which patch is named. Before each arm has had one, that place is unknown.
 */
export function chooseBetween(
  verdict: ScenarioVerdict,
  { arms }: Pick<CampaignState, 'arms'>,
  own: readonly TrialState[],
): readonly TrialState[] {
  const names = arms.map((arm) => arm.name);
  const results = own.flatMap(({ status, result }) => (status === 'done' && result ? [result] : []));
  const wanted = [...countTrialsBetween({ verdict, arms: names, trials: results })];
  const choose = (countOf: (count: number) => number) =>
    wanted.flatMap(([arm, count]) =>
      chooseOnArm(
        own.filter((one) => one.arm === arm),
        countOf(count),
      ),
    );
  const first = choose(() => 1);
  return first.length > 0 ? first : choose((count) => count);
}

function chooseOnArm(trials: readonly TrialState[], wanted: number): readonly TrialState[] {
  const attempts = sortAttempts(trials);
  // A kernel that does not compile, or lacks what the scenario needs, is no other one the next time.
  if (trials.some(({ result }) => result?.outcome === 'notRun' || result?.outcome === 'skipped')) return [];
  if (attempts.judged === 0 && attempts.done.length >= MOST_LOST) return [];
  return takeAttempts(trials, attempts, wanted - attempts.judged);
}
