// SPDX-License-Identifier: MIT

/**
 * What one test of a suite came to. `xfail`: it failed as it is known to; `crashed`: it began, or was announced, and its
 * result never came.
 */
export type SubtestOutcome = 'ok' | 'notOk' | 'skip' | 'xfail' | 'timeout' | 'crashed';

/** One test of a suite that a trial ran, by its own name. */
export interface Subtest {
  /** What arms are compared by: `list_sort.list_sort_test`, `core:close_range_test.fcntl_created`. */
  readonly name: string;
  readonly outcome: SubtestOutcome;
  /** Why, in the suite's own words; null where it says nothing. */
  readonly reason: string | null;
  /** What the suite printed about it, the last lines. Only of one that failed. */
  readonly details: readonly string[];
}

/** Whether a test failed: what is skipped, or fails as it is known to, did not. */
export function isFailure(outcome: SubtestOutcome): boolean {
  return outcome === 'notOk' || outcome === 'timeout' || outcome === 'crashed';
}
