// SPDX-License-Identifier: MIT

/** Halvings until an interval's end is as exact as a number can be. */
const HALVINGS = 60;

/** The logarithm of n!, exact up to rounding: a sum, for the few thousand trials that a campaign has at most. */
export function logFactorial(n: number): number {
  let sum = 0;
  for (let factor = 2; factor <= n; factor += 1) sum += Math.log(factor);
  return sum;
}

/** P(X ≥ seen) of a binomial X over `trials` with this rate: the p-value of a rate that is at most this one. */
export function upperTail(seen: number, trials: number, rate: number): number {
  if (seen <= 0) return 1;
  if (rate <= 0) return 0;
  if (rate >= 1) return 1;
  // Summed from the mean outwards: the other way the first term of very many trials is too small for a number.
  if (seen > trials * rate) return Math.min(1, sumTerms(seen, trials, rate));
  return Math.max(0, 1 - sumTerms(trials - seen + 1, trials, 1 - rate));
}

/** The probabilities of `from` and more hits, added up. */
function sumTerms(from: number, trials: number, rate: number): number {
  const ways = logFactorial(trials) - logFactorial(from) - logFactorial(trials - from);
  let term = Math.exp(ways + from * Math.log(rate) + (trials - from) * Math.log1p(-rate));
  let sum = 0;
  for (let hits = from; hits <= trials && term > 0; hits += 1) {
    sum += term;
    term *= ((trials - hits) / (hits + 1)) * (rate / (1 - rate));
  }
  return sum;
}

/** The rate at which `holds` turns from true to false, as the rate grows. */
function findRate(holds: (rate: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The interval of Clopper and Pearson (1934) for the rate behind `seen` of `trials`, both tails together `1 - confidence`. It is
 * exact: it covers the true rate at least as often as it says, for each number of trials. Without trials it is everything.
 */
export function estimateRate(seen: number, trials: number, confidence = 0.95): Interval {
  const tail = (1 - confidence) / 2;
  return {
    low: seen === 0 ? 0 : findRate((rate) => upperTail(seen, trials, rate) < tail),
    high: seen >= trials ? 1 : findRate((rate) => 1 - upperTail(seen + 1, trials, rate) > tail),
  };
}

/** The lowest rate of a fault that `trials` trials would have shown at least once with this confidence; 1 without trials. */
export function detectableRate(trials: number, confidence = 0.95): number {
  return trials === 0 ? 1 : 1 - (1 - confidence) ** (1 / trials);
}

/** How many trials would show a fault of this rate at least once with this confidence. */
export function trialsToDetect(rate: number, confidence = 0.95): number {
  return rate >= 1 ? 1 : Math.ceil(Math.log(1 - confidence) / Math.log1p(-rate) - 1e-9);
}
