// SPDX-License-Identifier: MIT
import {
  type Comparison,
  isFailure,
  MAXIMUM_TRIAL_SUBTESTS,
  SUBTEST_CHANGES,
  type Subtest,
  type SubtestChange,
  type SubtestOutcome,
  type SubtestsVerdict,
  type SubtestVerdict,
  type TrialResult,
} from '../model/index.ts';

/** The outcomes, the worst first. */
const WORST: readonly SubtestOutcome[] = ['crashed', 'timeout', 'notOk', 'xfail', 'ok', 'skip'];

/** Compares the tests of suites on two arms, or judges those of one (`patched` is null). Undefined where no suite ran. */
export function compareSubtests(
  base: readonly TrialResult[],
  patched: readonly TrialResult[] | null,
): SubtestsVerdict | undefined {
  const onBase = collect(base);
  const onPatched = collect(patched ?? []);
  const names = [...new Set([...onBase.keys(), ...onPatched.keys()])];
  if (names.length === 0) return undefined;
  const tests = names.flatMap((name) => {
    const [before, after] = [onBase.get(name) ?? null, onPatched.get(name) ?? null];
    const change = patched ? compare(before, after) : judge(before);
    return change === null ? [] : [describe(name, change, before, after)];
  });
  const counts: Partial<Record<SubtestChange, number>> = {};
  for (const { change } of tests) counts[change] = (counts[change] ?? 0) + 1;
  const sorted = SUBTEST_CHANGES.flatMap((change) => tests.filter((one) => one.change === change));
  return { counts, tests: sorted.slice(0, MAXIMUM_TRIAL_SUBTESTS) };
}

/**
 * What tests say about a scenario beside their findings: nothing passes by omission. A test that vanished, or is skipped
 * although it ran on the base, leaves the scenario undecided; so do suites of which no test ran at all. Null where all ran.
 */
export function findOmission(verdict: SubtestsVerdict | undefined): string | null {
  if (!verdict) return null;
  const lost = verdict.tests.filter((one) => one.change === 'vanished' || isNewlySkipped(one));
  if (lost.length > 0) {
    const shown = lost
      .slice(0, 3)
      .map(({ name, reason }) => (reason === null ? name : `${name} (${reason})`));
    const more = lost.length > shown.length ? ` and ${lost.length - shown.length} more` : '';
    return `ran on the base and not on the patched kernel: ${shown.join(', ')}${more}`;
  }
  const [first] = verdict.tests;
  if (!first) return null;
  const why = first.reason === null ? '' : `: ${first.reason}`;
  if (verdict.tests.every((one) => one.change === 'skipped'))
    return `no test ran: ${first.name} was skipped${why}`;
  // What fails on both kernels compares nothing: perhaps the suite cannot run here.
  if (verdict.tests.every((one) => one.change === 'skipped' || one.change === 'failingOnBoth'))
    return `no test passed on either kernel: ${first.name} failed${why}`;
  return null;
}

/** Of a test that failed on the base and not on the patched kernel: whether it passed there, or only did not run. */
export function compareFixed(name: string, verdict: SubtestsVerdict | undefined): Comparison {
  const change = verdict?.tests.find((one) => one.name === name)?.change;
  return change === 'newlyPassing' ? 'fixed' : 'inconclusive';
}

function isNewlySkipped({ change, base }: SubtestVerdict): boolean {
  return change === 'skipped' && base !== null && base !== 'skip';
}

/** The worst that any trial saw of each test. */
function collect(trials: readonly TrialResult[]): ReadonlyMap<string, Subtest> {
  const worst = new Map<string, Subtest>();
  for (const one of trials.flatMap((trial) => trial.subtests ?? [])) {
    const before = worst.get(one.name);
    if (!before || WORST.indexOf(one.outcome) < WORST.indexOf(before.outcome)) worst.set(one.name, one);
  }
  return worst;
}

function judge(test: Subtest | null): SubtestChange | null {
  if (!test) return null;
  if (isFailure(test.outcome)) return 'failing';
  return test.outcome === 'skip' ? 'skipped' : 'passing';
}

function compare(base: Subtest | null, patched: Subtest | null): SubtestChange | null {
  const failed = base !== null && isFailure(base.outcome);
  // What nobody ran before cannot be missed.
  if (!patched) return base?.outcome === 'skip' ? null : 'vanished';
  if (isFailure(patched.outcome)) return failed ? 'failingOnBoth' : 'newlyFailing';
  if (patched.outcome === 'skip') return 'skipped';
  if (failed) return 'newlyPassing';
  return base === null || base.outcome === 'skip' ? 'new' : 'passing';
}

function describe(
  name: string,
  change: SubtestChange,
  base: Subtest | null,
  patched: Subtest | null,
): SubtestVerdict {
  const about = change === 'newlyPassing' || change === 'vanished' || !patched ? base : patched;
  return {
    name,
    change,
    base: base?.outcome ?? null,
    patched: patched?.outcome ?? null,
    reason: change === 'vanished' ? null : (about?.reason ?? null),
  };
}
