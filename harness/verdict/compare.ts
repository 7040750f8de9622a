// SPDX-License-Identifier: MIT
import {
  type ArmCount,
  COMPARISONS,
  type Comparison,
  describeNumbers,
  type KnownIssue,
  type KnownSighting,
  type ScenarioVerdict,
  type SignatureTest,
  type SignatureVerdict,
  type SubtestsVerdict,
  type TrialResult,
} from '../model/index.ts';
import { conclusiveOf, countArm, describeLost, findMissing } from './arm.ts';
import { blocksOf, groupBoots } from './boots.ts';
import { countRare, selectDecisive } from './decisive.ts';
import { countBlocks, type Design, type Hypothesis, testDifferences } from './difference.ts';
import { compareExact, exactSummary, isExact } from './exact.ts';
import { findKnown } from './known.ts';
import { describePower, measurePower } from './numbers.ts';
import { countSightings, type Sighting } from './sightings.ts';
import { judgeSkipped } from './skipped.ts';
import { compareFixed, compareSubtests, findOmission } from './subtests.ts';

/** The worst of some comparisons; `clean` when there is none. */
export function worstOf(comparisons: readonly Comparison[]): Comparison {
  return COMPARISONS.find((one) => comparisons.includes(one)) ?? 'clean';
}

/** The trials of one scenario on two arms. */
export interface ScenarioTrials {
  readonly scenario: string;
  readonly base: readonly TrialResult[];
  readonly patched: readonly TrialResult[];
}

/**
 * Compares the trials of all scenarios of a campaign on two arms, signature by signature. What a campaign says of all its
 * signatures together is wrong in at most 5 % of the campaigns: no signature that is as frequent on both arms is called fixed or
 * regressed. Controls do not count: they judge the clones. Nor do trials that the lab lost. A known issue is shown and decides
 * nothing.
 */
export function compareScenarios(
  all: readonly ScenarioTrials[],
  design: Design,
  known: readonly KnownIssue[] = [],
): ScenarioVerdict[] {
  const drafts = all.map((trials) => draftScenario(trials, known));
  // What is known decides nothing, and so makes nothing else harder to show.
  // Nor does what a second look cannot change: there is no chance in it to be tested.
  const rows = drafts.flatMap((draft) => draft.rows.filter((row) => row.known === null && !row.exact));
  const tests = testDifferences(rows, design);
  const tested = new Map(rows.map((row, index) => [row, tests[index]]));
  return drafts.map((draft) => concludeDraft(draft, (row) => tested.get(row)));
}

/** Compares the trials of one scenario that is a campaign by itself. */
export function compareScenario(
  scenario: string,
  base: readonly TrialResult[],
  patched: readonly TrialResult[],
  design: Design = 'sequential',
): ScenarioVerdict {
  return compareScenarios([{ scenario, base, patched }], design)[0] as ScenarioVerdict;
}

/** A signature on two arms, and the difference that is tested for it. */
interface Row extends Hypothesis {
  readonly sighting: Sighting;
  readonly base: ArmCount;
  readonly patched: ArmCount;
  readonly widened: boolean;
  /** Whether it is from checks of trees and objects: then one look at each arm decides. */
  readonly exact: boolean;
  readonly known: KnownSighting | null;
}

interface Draft extends ScenarioTrials {
  /** Conclusive trials of each arm. */
  readonly judged: { readonly base: readonly TrialResult[]; readonly patched: readonly TrialResult[] };
  readonly rows: readonly Row[];
}

function draftScenario(trials: ScenarioTrials, known: readonly KnownIssue[]): Draft {
  const judged = { base: conclusiveOf(trials.base), patched: conclusiveOf(trials.patched) };
  return { ...trials, judged, rows: [...draftRows(judged, false, known), ...draftRows(judged, true, known)] };
}

/** Widened trials and those without are compared each with their own kind: a delay changes the rate of whatever it can show. */
function draftRows(judged: Draft['judged'], widened: boolean, known: readonly KnownIssue[]): Row[] {
  const own = (arm: readonly TrialResult[]) => arm.filter((trial) => (trial.widened === true) === widened);
  const [base, patched] = [own(judged.base), own(judged.patched)];
  const groups = groupBoots(base, patched);
  return countSightings({ base, patched }).map((sighting) => {
    const { onBase, onPatched } = sighting;
    const seenIn = new Set([...onBase, ...onPatched]);
    // What the patched kernel shows is not fixed; the question is then whether it shows it more often than the base.
    const of = onPatched.length > 0 ? 'regressed' : 'fixed';
    return {
      sighting,
      of,
      widened,
      exact: isExact(own([...judged.base, ...judged.patched])),
      blocks: blocksOf(groups, seenIn, of === 'fixed' ? 'base' : 'patched'),
      base: countArm(base, onBase),
      patched: countArm(patched, onPatched),
      known: findKnown(sighting.signature, known, {
        base: countBlocks(blocksOf(groups, seenIn, 'base')).more,
        patched: countBlocks(blocksOf(groups, seenIn, 'patched')).more,
      }),
    };
  });
}

function concludeDraft(draft: Draft, testOf: (row: Row) => SignatureTest | undefined): ScenarioVerdict {
  const { scenario, judged, rows } = draft;
  const skipped = judgeSkipped(scenario, [draft.base, draft.patched]);
  if (skipped) return skipped;
  const decided = judged.base.length > 0 && judged.patched.length > 0;
  const subtests = compareSubtests(judged.base, judged.patched);
  const signatures = rows.map((row): SignatureVerdict => {
    const { signature, title, kind, onBase, onPatched } = row.sighting;
    const test = testOf(row);
    return {
      signature,
      title,
      kind,
      // An arm that was never seen at work neither fixes nor breaks anything.
      comparison: row.known
        ? 'clean'
        : decided && row.exact
          ? compareExact(row)
          : decided && test
            ? compareSeen(row, test, subtests)
            : 'inconclusive',
      base: row.base,
      patched: row.patched,
      ...(decided && test ? { test } : {}),
      ...(row.known ? { known: row.known } : {}),
      ...(row.widened ? { widened: true as const } : {}),
      trials: [...onBase, ...onPatched],
    };
  });
  const power = { base: measurePower(judged.base), patched: measurePower(judged.patched) };
  if (!decided) {
    const harm = rows.some((row) => row.patched.seen > 0) ? '; the patched kernel alone showed faults' : '';
    const reason = `${describeLost([...draft.base, ...draft.patched])}${harm}`;
    const tests = subtests ? { subtests } : {};
    return { scenario, comparison: 'inconclusive', reason, signatures, power, ...tests };
  }
  if (isExact([...judged.base, ...judged.patched]))
    return conclude(exactSummary(scenario, signatures, 'every check passed, on both trees'));
  const clean = `no splat and every expectation met, on both kernels; ${describePower(power)}`;
  const missing = findMissing(judged.base, power.base);
  return conclude({ scenario, signatures, power, subtests, clean, missing });
}

/** Judges a scenario that ran on one arm only: nothing is compared, a fault is seen or not. */
export function judgeAlone(
  scenario: string,
  trials: readonly TrialResult[],
  known: readonly KnownIssue[] = [],
): ScenarioVerdict {
  const skipped = judgeSkipped(scenario, [trials]);
  if (skipped) return skipped;
  const conclusive = conclusiveOf(trials);
  const signatures = [false, true].flatMap((widened) => {
    const own = conclusive.filter((trial) => (trial.widened === true) === widened);
    return draftRows({ base: own, patched: [] }, widened, known).map(
      ({ sighting: { signature, title, kind, onBase }, base, known: issue }): SignatureVerdict => ({
        signature,
        title,
        kind,
        comparison: issue ? 'clean' : 'faulty',
        base,
        patched: null,
        ...(issue ? { known: issue } : {}),
        ...(widened ? { widened: true as const } : {}),
        trials: onBase,
      }),
    );
  });
  const power = { base: measurePower(conclusive), patched: null };
  if (conclusive.length === 0)
    return { scenario, comparison: 'inconclusive', reason: describeLost(trials), signatures, power };
  const subtests = compareSubtests(conclusive, null);
  if (isExact(conclusive)) return conclude(exactSummary(scenario, signatures, 'every check passed'));
  const clean = `no splat and every expectation met; ${describePower(power)}`;
  return conclude({
    scenario,
    signatures,
    power,
    subtests,
    clean,
    missing: findMissing(conclusive, power.base),
  });
}

function isTest({ kind }: SignatureVerdict): boolean {
  return kind === 'subtest';
}

/** What is known of a scenario's trials before they are summed up. */
interface Summary {
  readonly scenario: string;
  readonly signatures: readonly SignatureVerdict[];
  readonly power: ScenarioVerdict['power'];
  readonly subtests: SubtestsVerdict | undefined;
  /** What is said where nothing was found. */
  readonly clean: string;
  /** What the base should have shown and did not. */
  readonly missing: string | null;
}

function conclude({ scenario, signatures, power, subtests, clean, missing }: Summary): ScenarioVerdict {
  const deciding = selectDecisive(signatures);
  const omission = findOmission(subtests);
  const comparison = worstOf([
    ...deciding.map((one) => one.comparison),
    // Of very many failed tests not each is a finding.
    ...(subtests?.counts.newlyFailing && !signatures.some(isTest) ? (['regressed'] as const) : []),
    ...(subtests?.counts.failing ? (['faulty'] as const) : []),
    ...(omission === null ? [] : (['inconclusive'] as const)),
    ...(missing === null ? [] : (['notReproduced'] as const)),
  ]);
  const decisive = deciding.filter((one) => one.comparison === comparison);
  const first = decisive.find((one) => one.kind === 'splat') ?? decisive[0];
  const more = decisive.length > 1 ? ` (and ${decisive.length - 1} more)` : '';
  const failing = subtests?.counts.failingOnBoth ?? 0;
  const known = signatures.filter((one) => one.known).length;
  const calm = [
    clean,
    ...(failing === 0 ? [] : [`but for ${failing} test(s) that fail on both`]),
    ...(known === 0 ? [] : [`but for ${known} known issue(s)`]),
  ].join(', ');
  const rare = comparison === 'fixed' ? countRare(signatures) : 0;
  const remark =
    rare === 0 ? '' : `, but for ${rare} rare fault(s) of the base that came too seldom to be called fixed`;
  const undecided =
    comparison === 'inconclusive' ? omission : comparison === 'notReproduced' ? missing : null;
  const reason =
    undecided ??
    (first ? `${first.title}: ${describeNumbers(first, { intervals: false })}${more}${remark}` : calm);
  return {
    scenario,
    comparison,
    reason,
    signatures,
    ...(power ? { power } : {}),
    ...(subtests ? { subtests } : {}),
  };
}

/** A signature was seen on one of the two arms at least. */
function compareSeen(
  { sighting: { kind, signature }, base, patched }: Row,
  { p, level }: SignatureTest,
  subtests: SubtestsVerdict | undefined,
): Comparison {
  const shown = p <= level;
  if (patched.seen > 0) return shown ? 'regressed' : base.seen > 0 ? 'notFixed' : 'inconclusive';
  if (!shown) return 'inconclusive';
  return kind === 'subtest' ? compareFixed(signature.replace(/^ktap:/, ''), subtests) : 'fixed';
}
