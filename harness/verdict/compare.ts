// SPDX-License-Identifier: MIT
import {
  COMPARISONS,
  type Comparison,
  groupFindings,
  isConclusive,
  type ScenarioVerdict,
  type SignatureVerdict,
  type SubtestsVerdict,
  type TrialResult,
} from '../model/index.ts';
import { compareFixed, compareSubtests, findOmission } from './subtests.ts';

/** The worst of some comparisons; `clean` when there is none. */
export function worstOf(comparisons: readonly Comparison[]): Comparison {
  return COMPARISONS.find((one) => comparisons.includes(one)) ?? 'clean';
}

/** Compares all trials of one scenario on two arms, signature by signature. Controls do not count: they judge the clones. */
export function compareScenario(
  scenario: string,
  base: readonly TrialResult[],
  patched: readonly TrialResult[],
): ScenarioVerdict {
  const [baseTrials, patchedTrials] = [conclusiveOf(base), conclusiveOf(patched)];
  const decided = baseTrials.length > 0 && patchedTrials.length > 0;
  const subtests = compareSubtests(baseTrials, patchedTrials);
  const seen = countSightings({ base: baseTrials, patched: patchedTrials });
  const signatures = seen.map(
    ({ onBase, onPatched, ...one }): SignatureVerdict => ({
      ...one,
      // An arm that was never seen at work neither fixes nor breaks anything.
      comparison: decided ? compareSeen(one, onBase.length, onPatched.length, subtests) : 'inconclusive',
      base: { seen: onBase.length, trials: baseTrials.length },
      patched: { seen: onPatched.length, trials: patchedTrials.length },
      trials: [...onBase, ...onPatched],
    }),
  );
  if (!decided) {
    const harm = seen.some((one) => one.onPatched.length > 0)
      ? '; the patched kernel alone showed faults'
      : '';
    const reason = `${describeLost([...base, ...patched])}${harm}`;
    return { scenario, comparison: 'inconclusive', reason, signatures, ...(subtests ? { subtests } : {}) };
  }
  return conclude(scenario, signatures, subtests, 'no splat and every expectation met, on both kernels');
}

/** Judges a scenario that ran on one arm only: nothing is compared, a fault is seen or not. */
export function judgeAlone(scenario: string, trials: readonly TrialResult[]): ScenarioVerdict {
  const conclusive = conclusiveOf(trials);
  const seen = countSightings({ base: conclusive, patched: [] });
  const signatures = seen.map(
    ({ onBase, onPatched: _, ...one }): SignatureVerdict => ({
      ...one,
      comparison: 'faulty',
      base: { seen: onBase.length, trials: conclusive.length },
      patched: null,
      trials: onBase,
    }),
  );
  if (conclusive.length === 0)
    return { scenario, comparison: 'inconclusive', reason: describeLost(trials), signatures };
  const subtests = compareSubtests(conclusive, null);
  return conclude(scenario, signatures, subtests, 'no splat and every expectation met');
}

/** A test that fails on both arms is shown and decides nothing: the series neither broke it nor was asked to mend it. */
function isDecisive({ kind, comparison }: SignatureVerdict): boolean {
  return kind !== 'subtest' || comparison !== 'notFixed';
}

function conclude(
  scenario: string,
  signatures: readonly SignatureVerdict[],
  subtests: SubtestsVerdict | undefined,
  clean: string,
): ScenarioVerdict {
  const deciding = signatures.filter(isDecisive);
  const omission = findOmission(subtests);
  const comparison = worstOf([
    ...deciding.map((one) => one.comparison),
    // Of very many failed tests not each is a finding.
    ...(subtests?.counts.newlyFailing ? (['regressed'] as const) : []),
    ...(subtests?.counts.failing ? (['faulty'] as const) : []),
    ...(omission === null ? [] : (['inconclusive'] as const)),
  ]);
  const decisive = deciding.filter((one) => one.comparison === comparison);
  const first = decisive.find((one) => one.kind === 'splat') ?? decisive[0];
  const more = decisive.length > 1 ? ` (and ${decisive.length - 1} more)` : '';
  const known = subtests?.counts.failingOnBoth ?? 0;
  const calm = known === 0 ? clean : `${clean}, but for ${known} test(s) that fail on both`;
  const undecided = comparison === 'inconclusive' ? omission : null;
  const reason = undecided ?? (first ? `${first.title}${more}` : calm);
  return { scenario, comparison, reason, signatures, ...(subtests ? { subtests } : {}) };
}

function conclusiveOf(trials: readonly TrialResult[]): readonly TrialResult[] {
  return trials.filter((trial) => !trial.control && isConclusive(trial));
}

/** Why an arm could not be judged: its first trial that was lost. */
function describeLost(trials: readonly TrialResult[]): string {
  const lost = trials.find((trial) => !trial.control && !isConclusive(trial));
  return lost ? `${lost.id}: ${lost.blame ?? lost.outcome}: ${lost.reason}` : 'no trial was run';
}

/** A signature was seen on one of the two arms at least. */
function compareSeen(
  { kind, signature }: Pick<SignatureVerdict, 'kind' | 'signature'>,
  base: number,
  patched: number,
  subtests: SubtestsVerdict | undefined,
): Comparison {
  if (patched > 0) return base > 0 ? 'notFixed' : 'regressed';
  return kind === 'subtest' ? compareFixed(signature.replace(/^ktap:/, ''), subtests) : 'fixed';
}

/** In which trials of each arm a signature was seen. */
interface Sighting {
  readonly signature: string;
  readonly title: string;
  readonly kind: SignatureVerdict['kind'];
  readonly onBase: string[];
  readonly onPatched: string[];
}

/** Every bug that any trial found, by the signature of its first finding, in the order of the first sightings, the base's first. */
function countSightings(arms: {
  readonly base: readonly TrialResult[];
  readonly patched: readonly TrialResult[];
}): Sighting[] {
  const all = new Map<string, Sighting>();
  const groups = groupFindings([...arms.base, ...arms.patched].flatMap((trial) => trial.findings));
  for (const [trials, side] of [
    [arms.base, 'onBase'],
    [arms.patched, 'onPatched'],
  ] as const) {
    for (const { id, findings } of trials) {
      for (const { signature: own, title, kind } of findings) {
        const signature = groups.get(own) ?? own;
        const one = all.get(signature) ?? { signature, title, kind, onBase: [], onPatched: [] };
        if (!one[side].includes(id)) one[side].push(id);
        all.set(signature, one);
      }
    }
  }
  return [...all.values()];
}
