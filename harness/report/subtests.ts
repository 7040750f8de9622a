// SPDX-License-Identifier: MIT
import { printable, type Subtest, type SubtestOutcome } from '../model/index.ts';
import { outcomeWords } from './compared-tests.ts';

/** The worst first. */
const OUTCOMES: readonly SubtestOutcome[] = ['crashed', 'timeout', 'notOk', 'xfail', 'skip', 'ok'];

/** One line for a test, and below it the last lines that it printed, where it has any. */
export function describeSubtest({ name, outcome, reason, details }: Subtest): string {
  const why = reason === null ? '' : `: ${printable(reason)}`;
  const first = `${outcomeWords(outcome).padEnd(7)} ${printable(name)}${why}`;
  return [first, ...details.map((line) => `          ${printable(line)}`)].join('\n');
}

/** How many tests came to what: `12 tests: 1 crashed, 2 not ok, 9 ok`. */
export function countSubtests(subtests: readonly Pick<Subtest, 'outcome'>[]): string {
  const counts = OUTCOMES.flatMap((outcome) => {
    const count = subtests.filter((one) => one.outcome === outcome).length;
    return count === 0 ? [] : [`${count} ${outcomeWords(outcome)}`];
  });
  const total = subtests.length === 1 ? '1 test' : `${subtests.length} tests`;
  return counts.length === 0 ? total : `${total}: ${counts.join(', ')}`;
}
