// SPDX-License-Identifier: MIT
import type { TrialResult } from '../model/index.ts';
import type { Block } from './e-process.ts';

/** The boot that a trial's machine comes from: its template's for a clone, else its own. */
export function bootOf({ id, bootMethod }: Pick<TrialResult, 'id' | 'bootMethod'>): string {
  return bootMethod?.kind === 'clone' && bootMethod.template !== null ? bootMethod.template : id;
}

/** How many boots some trials come from. */
export function countBoots(trials: readonly TrialResult[]): number {
  return new Set(trials.map(bootOf)).size;
}

/** Trials of both arms that may depend on each other. */
export interface BootGroup {
  readonly base: readonly TrialResult[];
  readonly patched: readonly TrialResult[];
}

/**
 * Parts the trials of one scenario into groups that do not depend on each other, in the order of their attempts. Attempts of both
 * arms belong together, since they may be clones of one template; so do attempts that share a boot on either arm.
 */
export function groupBoots(base: readonly TrialResult[], patched: readonly TrialResult[]): BootGroup[] {
  const first = new Map<number, number>();
  const rootOf = (attempt: number): number => {
    const parent = first.get(attempt) ?? attempt;
    return parent === attempt ? attempt : rootOf(parent);
  };
  const join = (one: number, other: number) => {
    const [low, high] = [rootOf(one), rootOf(other)].sort((a, b) => a - b) as [number, number];
    first.set(high, low);
  };
  for (const arm of [base, patched]) {
    const known = new Map<string, number>();
    for (const trial of arm) {
      const boot = bootOf(trial);
      join(known.get(boot) ?? trial.attempt, trial.attempt);
      known.set(boot, known.get(boot) ?? trial.attempt);
    }
  }
  const attempts = [...new Set([...base, ...patched].map((trial) => rootOf(trial.attempt)))].sort(
    (a, b) => a - b,
  );
  const own = (arm: readonly TrialResult[], root: number) =>
    arm.filter((trial) => rootOf(trial.attempt) === root);
  return attempts.map((root) => ({ base: own(base, root), patched: own(patched, root) }));
}

/** What groups show of a signature that was seen in these trials; `more` is the arm whose rate is said to be higher. */
export function blocksOf(
  groups: readonly BootGroup[],
  seenIn: ReadonlySet<string>,
  more: keyof BootGroup,
): Block[] {
  const saw = (trials: readonly TrialResult[]) => trials.map((trial) => seenIn.has(trial.id));
  const less = more === 'base' ? 'patched' : 'base';
  return groups.map((group) => ({ more: saw(group[more]), less: saw(group[less]) }));
}
