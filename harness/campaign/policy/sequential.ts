// SPDX-License-Identifier: MIT
import {
  type CampaignState,
  isConclusive,
  type ScenarioVerdict,
  type TrialResult,
  type TrialState,
} from '../../model/index.ts';
import { compareScenarios, selectDecisive, trialsToDetect } from '../../verdict/index.ts';
import { type Attempts, MOST_LOST, sortAttempts, takeAttempts } from './attempts.ts';
import { chooseBetween } from './between.ts';
import type { Action } from './policy.ts';
import { nextActions } from './stages.ts';

/** Attempts that are started before the ones before them are judged, at most. */
const MOST_AHEAD = 4;

/** No difference is shown by fewer attempts than this, whatever they show. */
const LEAST_ATTEMPTS = 3;

/**
 * Runs the base and the patched kernel side by side, attempt after attempt, and stops each scenario when its question is answered:
 * every signature has a verdict, or, where none was seen, a fault of the rate asked for would have been. Then the arms between the
 * two get what it takes to name the patch. Stops at the planned number of trials, and when the time for trials is used up.
 *
 * Every scenario gets its second attempt before any gets its third: the differences of a campaign are tested together, and each
 * one needs less evidence when the others have some. With a time budget, the scenario that needs the least time to an answer comes
 * first.
 *
 * Stopping when the numbers please is allowed: the verdict's evidence holds at every such moment (`verdict/e-process.ts`).
 */
export function sequentialPolicy(state: CampaignState): readonly Action[] {
  return nextActions(state, chooseTrials(state));
}

interface Wish {
  readonly trials: readonly TrialState[];
  /** About how long the scenario still needs, in milliseconds. */
  readonly costMs: number;
}

/** The trials that are worth running now, the best first. */
function chooseTrials(state: CampaignState): readonly TrialState[] {
  if (isTimeOver(state)) return [];
  const own = groupTrials(state);
  const [base, tip] = [state.arms[0]?.name, state.arms.at(-1)?.name];
  const atEnds = own.map((trials) => trials.filter((one) => one.arm === base || one.arm === tip));
  const verdicts = compareScenarios(
    state.plan.scenarios.map(({ name }, index) => ({
      scenario: name,
      base: resultsOf(own[index] ?? [], base),
      patched: resultsOf(own[index] ?? [], tip),
    })),
    'sequential',
    state.plan.knownIssues,
  );
  const wishes = verdicts.map((verdict, index) => wishFor(verdict, atEnds[index] ?? [], state));
  const first = state.trials.filter(
    (trial) => trial.attempt === 1 && wishes.some((wish) => wish.trials.includes(trial)),
  );
  const cheapest = wishes
    .toSorted((a, b) => a.costMs - b.costMs)
    .flatMap((wish) => wish.trials)
    .filter((trial) => trial.attempt > 1);
  const later = isTimeLimited(state) ? cheapest : cheapest.toSorted((a, b) => a.attempt - b.attempt);
  const between = verdicts.flatMap((verdict, index) => chooseBetween(verdict, state, own[index] ?? []));
  return [...first, ...later, ...between];
}

/** The trials of each scenario, in the order of the plan's scenarios. */
function groupTrials({ plan, trials }: CampaignState): readonly (readonly TrialState[])[] {
  const groups = new Map(plan.scenarios.map(({ name }): [string, TrialState[]] => [name, []]));
  for (const trial of trials) groups.get(trial.scenario)?.push(trial);
  return [...groups.values()];
}

function resultsOf(trials: readonly TrialState[], arm: string | undefined): readonly TrialResult[] {
  return trials.flatMap(({ arm: own, status, result }) =>
    own === arm && status === 'done' && result ? [result] : [],
  );
}

function wishFor(verdict: ScenarioVerdict, trials: readonly TrialState[], state: CampaignState): Wish {
  const attempts = sortAttempts(trials);
  const wanted = isLost(trials, attempts) ? 0 : countWanted(verdict, attempts.judged, state);
  return {
    trials: takeAttempts(trials, attempts, Math.min(wanted, MOST_AHEAD)),
    costMs: wanted * meanDuration(trials),
  };
}

/** About how many more attempts answer a scenario's question. 0: it is answered. */
function countWanted(verdict: ScenarioVerdict, judged: number, { plan }: CampaignState): number {
  // What a kernel has not, it has not the next time either.
  if (verdict.comparison === 'skipped') return 0;
  const { policy } = plan;
  const least = plan.scenarios.find((one) => one.name === verdict.scenario)?.repeats ?? 1;
  const open = selectDecisive(verdict.signatures).filter((one) => one.comparison === 'inconclusive');
  if (verdict.comparison === 'notReproduced' || verdict.signatures.every((one) => one.known)) {
    const boots = Math.min(verdict.power?.base.boots ?? 0, verdict.power?.patched?.boots ?? 0);
    const missing = trialsToDetect(policy?.kind === 'sequential' ? policy.detect : 1) - boots;
    // Clones of one boot prove no more than one of them.
    return Math.max(least - judged, missing * Math.max(1, Math.round(judged / Math.max(1, boots))));
  }
  if (open.length === 0 || isNegative(verdict)) return Math.max(0, least - judged);
  const more = Math.max(...open.map((one) => one.test?.more ?? 1));
  return Math.max(least - judged, LEAST_ATTEMPTS - judged, more, 1);
}

/** What else a scenario shows does not make it better. */
function isNegative({ comparison }: ScenarioVerdict): boolean {
  return comparison === 'regressed' || comparison === 'notFixed';
}

function isLost(trials: readonly TrialState[], { done }: Attempts): boolean {
  if (done.length < MOST_LOST) return false;
  const arms = [...new Set(trials.map((trial) => trial.arm))];
  return arms.some(
    (arm) => !trials.some((one) => one.arm === arm && !one.control && one.result && isConclusive(one.result)),
  );
}

function meanDuration(trials: readonly TrialState[]): number {
  const known = trials.flatMap(({ status, result }) =>
    status === 'done' && result ? [result.durationMs] : [],
  );
  return known.reduce((sum, one) => sum + one, 0) / Math.max(1, known.length);
}

function isTimeLimited({ plan: { policy } }: CampaignState): boolean {
  return policy?.kind === 'sequential' && policy.budgetMs !== null;
}

/** Whether the trials have taken the time that they may: from the start of the first one to the last end. */
function isTimeOver({ plan: { policy }, trials }: CampaignState): boolean {
  if (policy?.kind !== 'sequential' || policy.budgetMs === null) return false;
  const results = trials.flatMap(({ status, result }) => (status === 'done' && result ? [result] : []));
  if (results.length === 0) return false;
  const starts = results.map((one) => Date.parse(one.startedAt));
  const ends = results.map((one) => Date.parse(one.startedAt) + one.durationMs);
  return Math.max(...ends) - Math.min(...starts) >= policy.budgetMs;
}
