// SPDX-License-Identifier: MIT
import { logFactorial } from './binomial.ts';

/** How many of how many. */
export interface Count {
  readonly seen: number;
  readonly trials: number;
}

/**
 * Fisher's exact test of two proportions, one-sided: how probable it is, were both rates the same, that at least as many of all
 * that was seen falls to `more` as did. The tail of a hypergeometric distribution (Fisher 1935). 1 where an arm has no trials.
 */
export function testDifference(more: Count, less: Count): number {
  const all = more.trials + less.trials;
  const seen = more.seen + less.seen;
  const logChoose = (n: number, k: number) => logFactorial(n) - logFactorial(k) - logFactorial(n - k);
  const whole = logChoose(all, seen);
  let sum = 0;
  for (let hits = more.seen; hits <= Math.min(seen, more.trials); hits += 1) {
    if (seen - hits > less.trials) continue;
    sum += Math.exp(logChoose(more.trials, hits) + logChoose(less.trials, seen - hits) - whole);
  }
  return Math.min(1, sum);
}
