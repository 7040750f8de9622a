// SPDX-License-Identifier: MIT
import { isConclusive, type TrialState } from '../../model/index.ts';

/** After this many attempts without one conclusive trial on an arm the lab is not asked again. */
export const MOST_LOST = 3;

/** How far the attempts of some trials are. An attempt may be several trials, of more than one arm; controls do not count. */
export interface Attempts {
  /** Numbers of those that are over, in their order. */
  readonly done: readonly number[];
  /** Of these, how many had conclusive trials only. */
  readonly judged: number;
  /** Numbers of the others. */
  readonly open: readonly number[];
}

/** Sorts attempts by how far they are. */
export function sortAttempts(trials: readonly TrialState[]): Attempts {
  const all = [...new Set(trials.map((trial) => trial.attempt))].sort((a, b) => a - b);
  const holds = (attempt: number, test: (trial: TrialState) => boolean) =>
    trials.every((one) => one.attempt !== attempt || one.control || test(one));
  const done = all.filter((attempt) => holds(attempt, (one) => one.status === 'done'));
  const judged = done.filter((attempt) =>
    holds(attempt, ({ result }) => result !== null && isConclusive(result)),
  );
  return { done, judged: judged.length, open: all.filter((attempt) => !done.includes(attempt)) };
}

/** What is left of attempts that are over, such as controls, and the whole of the next few. */
export function takeAttempts(
  trials: readonly TrialState[],
  { done, open }: Attempts,
  count: number,
): readonly TrialState[] {
  const tried = new Set([...done, ...open.slice(0, Math.max(0, count))]);
  return trials.filter((one) => one.status !== 'done' && tried.has(one.attempt));
}
