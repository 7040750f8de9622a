// SPDX-License-Identifier: MIT

/**
 * What one boot showed of one signature: for each trial of each arm whether it was seen. Trials of one boot depend on each
 * other; boots do not.
 */
export interface Block {
  /** The arm whose rate is said to be the higher one. */
  readonly more: readonly boolean[];
  readonly less: readonly boolean[];
}

interface Rates {
  readonly more: number;
  readonly less: number;
}

/**
 * What is bet on, with the share of the stake: most faults show in every trial or in none, races in some. A fault that is gone
 * shows no more. The rest follows what was seen.
 */
const BETS: readonly (Rates & { readonly stake: number })[] = [
  { stake: 0.5, more: 0.95, less: 0.05 },
  { stake: 0.2, more: 0.6, less: 0.02 },
  { stake: 0.15, more: 0.3, less: 0.01 },
  { stake: 0.1, more: 0.1, less: 0.003 },
];
const LEARNING_STAKE = 0.05;

/** A start of a quarter of a hit and of a miss on each arm keeps the first guesses away from 0 and 1. */
const PRIOR = 0.25;

/**
 * The evidence that the rate on `more` is higher, as an e-value: were it not, its expectation would be at most 1, whenever and
 * for whatever reason one stops. Of several blocks it is the product of each block's value, whose bet was fixed before the block;
 * of several ways to bet, the weighted mean (the method of mixtures).
 *
 * One pair of trials is worth the likelihood ratio of two Bernoulli streams against the mean of the two rates (Turner, Ly and
 * Grünwald, "Generic E-variables for exact sequential k-sample tests that allow for optional stopping", 2021); with two rates in
 * this order it is at most 1 in expectation for every pair of rates in the other order, since its two factors grow and shrink with
 * the rates. A block with several trials is worth the mean of its pairs: that holds however they depend on each other.
 */
export function measureEvidence(blocks: readonly Block[]): number {
  const stakes = BETS.map((bet) => bet.stake);
  let learnt = LEARNING_STAKE;
  const seen = { more: PRIOR, less: PRIOR };
  const tried = { more: 2 * PRIOR, less: 2 * PRIOR };
  for (const block of blocks) {
    if (block.more.length === 0 || block.less.length === 0) continue;
    BETS.forEach((bet, index) => {
      stakes[index] = (stakes[index] ?? 0) * worthOf(block, bet);
    });
    learnt *= worthOf(block, { more: seen.more / tried.more, less: seen.less / tried.less });
    // A block counts as one trial of each arm: what it shows beyond that may be the same thing again.
    seen.more += share(block.more);
    seen.less += share(block.less);
    tried.more += 1;
    tried.less += 1;
  }
  return stakes.reduce((sum, stake) => sum + stake, learnt);
}

/** What a block is worth to somebody who bets on these rates; 1 where they do not say that `more` is higher. */
function worthOf(block: Block, rates: Rates): number {
  if (rates.more <= rates.less) return 1;
  const middle = (rates.more + rates.less) / 2;
  const factor = (hits: number, rate: number) =>
    (hits * rate) / middle + ((1 - hits) * (1 - rate)) / (1 - middle);
  return factor(share(block.more), rates.more) * factor(share(block.less), rates.less);
}

function share(trials: readonly boolean[]): number {
  return trials.filter(Boolean).length / trials.length;
}

/** Blocks that nobody would wait for. */
const MOST_BLOCKS = 1000;

/**
 * How many more blocks would bring the evidence to `wanted`, if each arm went on as it did until now; null for more than
 * anybody would wait for.
 */
export function foreseeBlocks(blocks: readonly Block[], wanted: number): number | null {
  const usable = blocks.filter(({ more, less }) => more.length > 0 && less.length > 0);
  const rate = (arm: (block: Block) => readonly boolean[]) =>
    usable.reduce((sum, block) => sum + share(arm(block)), 0) / usable.length;
  if (usable.length === 0) return null;
  const [more, less] = [rate((block) => block.more), rate((block) => block.less)];
  if (more <= less) return null;
  const coming = [...usable];
  for (let count = 1; count <= MOST_BLOCKS; count += 1) {
    // Hits as evenly spread as the rates allow.
    const due = (value: number) => Math.floor(value * count + 0.5) > Math.floor(value * (count - 1) + 0.5);
    coming.push({ more: [due(more)], less: [due(less)] });
    if (measureEvidence(coming) >= wanted) return count;
  }
  return null;
}
