// SPDX-License-Identifier: MIT
import {
  changeWords,
  type ScenarioVerdict,
  SUBTEST_CHANGES,
  type SubtestChange,
  type SubtestOutcome,
  type SubtestVerdict,
} from '../model/index.ts';

const OUTCOMES: Readonly<Record<SubtestOutcome, string>> = {
  ok: 'ok',
  notOk: 'not ok',
  skip: 'skip',
  xfail: 'xfail',
  timeout: 'timeout',
  crashed: 'crashed',
};

/** Says how an arm's test ended; one that was not there did not run. */
export function outcomeWords(outcome: SubtestOutcome | null): string {
  return outcome === null ? 'not run' : OUTCOMES[outcome];
}

/** Counts the tests of suites that a scenario ran: `2 newly failing, 1 vanished, 31 passing`; null where it ran none. */
export function countTests({ subtests }: ScenarioVerdict): string | null {
  if (!subtests) return null;
  const parts = SUBTEST_CHANGES.flatMap((change) => {
    const count = subtests.counts[change] ?? 0;
    return count === 0 ? [] : [`${count} ${changeWords(change)}`];
  });
  return parts.join(', ');
}

/** The tests that did not simply pass, each as one line, and how many more there are. */
export function changedTests(
  { subtests }: ScenarioVerdict,
  most: number,
): { readonly shown: readonly SubtestVerdict[]; readonly more: number } {
  const changed = subtests?.tests.filter((one) => one.change !== 'passing') ?? [];
  const total = SUBTEST_CHANGES.filter((change) => change !== 'passing').reduce(
    (sum, change) => sum + (subtests?.counts[change] ?? 0),
    0,
  );
  const shown = changed.slice(0, most);
  return { shown, more: total - shown.length };
}

/** One test as one line: `newly failing: list_sort.list_sort_test (base ok, patched not ok)`. */
export function describeTest({ name, change, base, patched, reason }: SubtestVerdict): string {
  const why = reason === null ? '' : `: ${reason}`;
  if (isAlone(change, patched)) return `${changeWords(change)}: ${name} (${outcomeWords(base)})${why}`;
  return `${changeWords(change)}: ${name} (base ${outcomeWords(base)}, patched ${outcomeWords(patched)})${why}`;
}

/** With one arm there is no patched kernel to speak of. */
function isAlone(change: SubtestChange, patched: SubtestOutcome | null): boolean {
  return patched === null && change !== 'vanished';
}
