// SPDX-License-Identifier: MIT
import { isFailure, MAXIMUM_TRIAL_SUBTESTS, type Subtest } from '../model/index.ts';

/** Every test of the suites that a trial ran, one JSON object a line. */
export const SUBTESTS_FILE = 'subtests.ndjson';

const DETAILS_KEPT = 12;
/** Of a flood of failures only the first ones keep what they printed: all of it is in the file. */
const DETAILED = 200;

/** The tests as their file has them; nothing where there are none. */
export function subtestFiles(subtests: readonly Subtest[]): Readonly<Record<string, string>> {
  if (subtests.length === 0) return {};
  return { [SUBTESTS_FILE]: subtests.map((one) => `${JSON.stringify(one)}\n`).join('') };
}

/** The tests that a result has room for, those that failed first, with the last lines of what they printed. */
export function selectSubtests(all: readonly Subtest[]): readonly Subtest[] {
  const failed = all.filter((one) => isFailure(one.outcome));
  const others = all.filter((one) => !isFailure(one.outcome));
  return [...failed, ...others]
    .slice(0, MAXIMUM_TRIAL_SUBTESTS)
    .map((one, index) => ({ ...one, details: index < DETAILED ? one.details.slice(-DETAILS_KEPT) : [] }));
}
