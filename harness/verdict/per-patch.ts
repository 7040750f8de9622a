// SPDX-License-Identifier: MIT
import type { ArmBuild, PatchRow, PatchState, PerPatchGrid, TrialResult } from '../model/index.ts';
import { isConclusive } from './conclusive.ts';

/** One arm as one scenario saw it. */
interface Stair {
  readonly state: PatchState;
  /** Signature to title of everything that was found there. */
  readonly found: ReadonlyMap<string, string>;
}

/**
 * Says of each scenario at which patch its faults die and at which one is born. `builds` are the arms in the series'
 * order, the base first. A fault counts as gone from the first arm on after which it never shows again; one that is
 * seen now and then therefore needs more than one trial an arm.
 */
export function gridPatches(
  scenarios: readonly string[],
  builds: readonly ArmBuild[],
  trials: readonly TrialResult[],
): PerPatchGrid {
  const flights = scenarios.map((scenario) => ({
    scenario,
    stairs: builds.map((build) =>
      lookAt(
        build,
        trials.filter((trial) => trial.scenario === scenario && trial.arm === build.arm),
      ),
    ),
  }));
  const boots = builds.map((build) => didBoot(build.arm, trials));
  const rows = flights.map(({ scenario, stairs }) => judgeFlight(scenario, stairs));
  const flawed = new Set<number>();
  builds.forEach((build, index) => {
    if (index > 0 && (!build.built || boots[index] === false)) flawed.add(build.patches);
  });
  for (const { stairs } of flights) for (const index of passingFaults(stairs)) flawed.add(index);
  return {
    arms: builds.map((build) => build.arm),
    boots,
    rows,
    notBisectableAt: [...flawed].sort((a, b) => a - b),
  };
}

/** An arm boots unless every trial that says something about it says that it does not. */
function didBoot(arm: string, trials: readonly TrialResult[]): boolean | null {
  const told = trials.filter((trial) => trial.arm === arm && isConclusive(trial));
  return told.length === 0 ? null : told.some((trial) => trial.bootMs !== null);
}

function lookAt(build: ArmBuild, trials: readonly TrialResult[]): Stair {
  const told = trials.filter(isConclusive);
  const found = new Map(
    told.flatMap((trial) => trial.findings.map((one) => [one.signature, one.title] as const)),
  );
  const state = !build.built
    ? 'notBuilt'
    : trials.every((trial) => trial.outcome === 'notRun')
      ? 'notRun'
      : told.length === 0
        ? 'undecided'
        : found.size > 0
          ? 'bad'
          : 'good';
  return { state, found };
}

const isTold = (stair: Stair | undefined): stair is Stair =>
  stair?.state === 'good' || stair?.state === 'bad';

/** Arms between two good ends that show what neither end has. */
function passingFaults(stairs: readonly Stair[]): number[] {
  const base = stairs[0];
  const tip = stairs.at(-1);
  if (base?.state !== 'good' || !isTold(tip)) return [];
  return stairs.flatMap((stair, index) =>
    index > 0 && index < stairs.length - 1 && [...stair.found.keys()].some((one) => !tip.found.has(one))
      ? [index]
      : [],
  );
}

function judgeFlight(scenario: string, stairs: readonly Stair[]): PatchRow {
  const states = stairs.map((stair) => stair.state);
  const last = stairs.length - 1;
  const [base, tip] = [stairs[0], stairs[last]];
  const row = (reason: string, fixedBy: number | null = null, brokenBy: number | null = null): PatchRow => ({
    scenario,
    states,
    fixedBy,
    brokenBy,
    reason,
  });
  if (!isTold(base) || !isTold(tip))
    return row(`undecided: ${isTold(base) ? 'the whole series' : 'the base'} could not be judged`);
  const born = new Map([...tip.found].filter(([signature]) => !base.found.has(signature)));
  const stays = [...tip.found].filter(([signature]) => base.found.has(signature));
  const of = (range: readonly [number, number]) =>
    range[0] === range[1] ? `${range[1]}/${last}` : `one of ${range[0]} to ${range[1]}/${last}`;
  const words: string[] = [];
  if (stays.length > 0) words.push('not fixed');
  let fixed: readonly [number, number] | null = null;
  if (base.found.size > 0 && stays.length === 0) {
    fixed = turningPoint(stairs, (stair) => [...stair.found.keys()].every((one) => born.has(one)));
    words.push(`fixed by ${of(fixed)}`);
  }
  let broken: readonly [number, number] | null = null;
  if (born.size > 0) {
    broken = turningPoint(stairs, (stair) => [...stair.found.keys()].some((one) => born.has(one)));
    words.push(`broken by ${of(broken)}: ${[...born.values()][0]}`);
  }
  const passing = passingFaults(stairs);
  if (passing.length > 0) {
    const title = [...(stairs[passing[0] ?? 0]?.found.values() ?? [])][0];
    words.push(
      `a fault that neither end has at ${passing.map((one) => `${one}/${last}`).join(', ')}: ${title}`,
    );
  }
  return row(words.join('; ') || 'clean on every arm', fixed?.[1] ?? null, broken?.[1] ?? null);
}

/** The arm from which on something holds: the first and the last that it can be, where arms between were not judged. */
function turningPoint(stairs: readonly Stair[], holds: (stair: Stair) => boolean): readonly [number, number] {
  let upper = stairs.length - 1;
  let lower = upper;
  for (let index = upper; index >= 0; index -= 1) {
    const stair = stairs[index];
    if (!isTold(stair)) continue;
    if (!holds(stair)) break;
    upper = index;
    lower = index;
    while (lower > 1 && !isTold(stairs[lower - 1])) lower -= 1;
  }
  return [lower, upper];
}
