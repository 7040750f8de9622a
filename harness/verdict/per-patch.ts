// SPDX-License-Identifier: MIT
import {
  type ArmBuild,
  groupFindings,
  isConclusive,
  type PatchRow,
  type PatchState,
  type PerPatchGrid,
  type TrialResult,
} from '../model/index.ts';

/** What one scenario showed on one arm. */
interface Cell {
  readonly state: PatchState;
  /** Signature to title of everything that was found. */
  readonly found: ReadonlyMap<string, string>;
  readonly count: { readonly seen: number; readonly trials: number };
}

/** The first and the last patch that may have changed something; they differ where arms between were not judged. */
type Range = readonly [number, number];

/**
 * Finds for each scenario the patch that fixes its faults and the patch that adds one. `builds` are the arms in the
 * series' order, the base first. A fault counts as fixed from the first arm after which it never shows again: how many trials
 * that arm needs where it shows only in some is what `countTrialsBetween` says. Controls do not count.
 */
export function gridPatches(
  scenarios: readonly string[],
  builds: readonly ArmBuild[],
  all: readonly TrialResult[],
): PerPatchGrid {
  const trials = withoutKnownFailures(
    builds,
    all.filter((trial) => !trial.control),
  );
  const groups = groupFindings(trials.flatMap((trial) => trial.findings));
  const rows = scenarios.map((scenario) => ({
    scenario,
    cells: builds.map((build) =>
      readCell(
        build,
        trials.filter((trial) => trial.scenario === scenario && trial.arm === build.arm),
        groups,
      ),
    ),
  }));
  const boots = builds.map((build) => didBoot(build.arm, trials));
  const broken = builds.flatMap((build, index) =>
    index > 0 && (!build.built || boots[index] === false) ? [index] : [],
  );
  const passing = rows.flatMap(({ cells }) => findPassingFaults(cells));
  return {
    arms: builds.map((build) => build.arm),
    boots,
    rows: rows.map(({ scenario, cells }) => judgeRow(scenario, cells)),
    notBisectableAt: [...new Set([...broken, ...passing])].sort((a, b) => a - b),
  };
}

/** Leaves out what decides nothing: tests of suites that fail on the base and with the whole series. */
function withoutKnownFailures(
  builds: readonly ArmBuild[],
  trials: readonly TrialResult[],
): readonly TrialResult[] {
  const failedOn = (arm: string | undefined) =>
    new Set(
      trials
        .filter((trial) => trial.arm === arm)
        .flatMap(({ scenario, findings }) =>
          findings.filter(({ kind }) => kind === 'subtest').map((one) => `${scenario} ${one.signature}`),
        ),
    );
  const onTip = failedOn(builds.at(-1)?.arm);
  const known = new Set([...failedOn(builds[0]?.arm)].filter((one) => onTip.has(one)));
  if (known.size === 0) return trials;
  return trials.map((trial) => ({
    ...trial,
    findings: trial.findings.filter(
      (one) => one.kind !== 'subtest' || !known.has(`${trial.scenario} ${one.signature}`),
    ),
  }));
}

/** An arm boots unless every conclusive trial on it that boots failed to; null without such a trial. */
function didBoot(arm: string, trials: readonly TrialResult[]): boolean | null {
  const conclusive = trials.filter((trial) => trial.arm === arm && !trial.static && isConclusive(trial));
  return conclusive.length === 0 ? null : conclusive.some((trial) => trial.bootMs !== null);
}

function readCell(
  build: ArmBuild,
  trials: readonly TrialResult[],
  groups: ReadonlyMap<string, string>,
): Cell {
  const conclusive = trials.filter(isConclusive);
  const found = new Map(
    conclusive.flatMap((trial) =>
      trial.findings.map((one) => [groups.get(one.signature) ?? one.signature, one.title] as const),
    ),
  );
  const seen = conclusive.filter((trial) => trial.findings.length > 0).length;
  const count = { seen, trials: conclusive.length };
  return { state: readState(build, trials, conclusive.length, found.size), found, count };
}

function readState(
  build: ArmBuild,
  trials: readonly TrialResult[],
  conclusive: number,
  found: number,
): PatchState {
  if (!build.built) return 'notBuilt';
  if (trials.every((trial) => trial.outcome === 'notRun')) return 'notRun';
  if (trials.every((trial) => trial.outcome === 'skipped')) return 'skipped';
  if (conclusive === 0) return 'undecided';
  return found > 0 ? 'bad' : 'good';
}

function isJudged(cell: Cell | undefined): cell is Cell {
  return cell?.state === 'good' || cell?.state === 'bad';
}

/** Arms after a clean base that show what the whole series does not: their numbers. */
function findPassingFaults(cells: readonly Cell[]): number[] {
  const tip = cells.at(-1);
  if (cells[0]?.state !== 'good' || !isJudged(tip)) return [];
  return cells.flatMap((cell, index) =>
    [...cell.found.keys()].some((signature) => !tip.found.has(signature)) ? [index] : [],
  );
}

function judgeRow(scenario: string, cells: readonly Cell[]): PatchRow {
  const states = cells.map((cell) => cell.state);
  const counts = cells.map((cell) => cell.count);
  const last = cells.length - 1;
  const [base, tip] = [cells[0], cells[last]];
  if (states.every((state) => state === 'skipped'))
    return { scenario, states, fixedBy: null, brokenBy: null, reason: 'skipped on every arm' };
  if (!isJudged(base) || !isJudged(tip)) {
    const reason = `undecided: ${isJudged(base) ? 'the whole series' : 'the base'} could not be judged`;
    return { scenario, states, counts, fixedBy: null, brokenBy: null, reason };
  }
  const added = new Map([...tip.found].filter(([signature]) => !base.found.has(signature)));
  const remains = added.size < tip.found.size;
  const fixed =
    base.found.size > 0 && !remains
      ? findTurn(cells, (cell) => [...cell.found.keys()].every((one) => added.has(one)))
      : null;
  const broken =
    added.size > 0 ? findTurn(cells, (cell) => [...cell.found.keys()].some((one) => added.has(one))) : null;
  const passing = findPassingFaults(cells);
  const of = (patch: number) => `${patch}/${last}`;
  const ofRange = ([first, until]: Range) =>
    first === until ? of(until) : `one of ${first} to ${of(until)}`;
  const parts: string[] = [];
  if (remains) parts.push('not fixed');
  if (fixed) parts.push(`fixed by ${ofRange(fixed)}`);
  if (broken) parts.push(`broken by ${ofRange(broken)}: ${[...added.values()][0]}`);
  if (passing.length > 0) {
    const title = [...(cells[passing[0] ?? 0]?.found ?? [])].find(([one]) => !tip.found.has(one))?.[1];
    parts.push(`a fault that neither end has at ${passing.map(of).join(', ')}: ${title}`);
  }
  return {
    scenario,
    states,
    counts,
    fixedBy: fixed?.[1] ?? null,
    brokenBy: broken?.[1] ?? null,
    reason: parts.join('; ') || 'clean on every arm',
  };
}

/**
 * Where something began that is true of the whole series and not of the base: after the last judged arm without it, and
 * at the latest with the next judged arm.
 */
function findTurn(cells: readonly Cell[], holds: (cell: Cell) => boolean): Range {
  const before = cells.findLastIndex((cell) => isJudged(cell) && !holds(cell));
  const turn = cells.findIndex((cell, index) => index > before && isJudged(cell));
  return [before + 1, turn];
}
