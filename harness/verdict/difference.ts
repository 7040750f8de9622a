// SPDX-License-Identifier: MIT
import type { SignatureTest } from '../model/index.ts';
import { type Block, foreseeBlocks, measureEvidence } from './e-process.ts';
import { adjustEValues, adjustPValues } from './family.ts';
import { type Count, testDifference } from './fisher.ts';

/** Of all campaigns in which nothing changed, at most this part says that something did: one false `fixed` or `regressed` in it. */
export const LEVEL = 0.05;

/** How the number of trials came about: fixed before, or while looking at what they showed. */
export type Design = 'fixed' | 'sequential';

/** One difference that a campaign tests. */
export interface Hypothesis {
  readonly of: SignatureTest['of'];
  readonly blocks: readonly Block[];
}

/** Tests all differences of a campaign together, in the given order. */
export function testDifferences(all: readonly Hypothesis[], design: Design): SignatureTest[] {
  return design === 'fixed' ? testFixed(all) : testSequential(all);
}

function testSequential(all: readonly Hypothesis[]): SignatureTest[] {
  const values = all.map(({ blocks }) => measureEvidence(blocks));
  const adjusted = adjustEValues(values);
  return all.map(({ of, blocks }, index) => {
    const [value = 0, held = 0] = [values[index], adjusted[index]];
    const p = Math.min(1, 1 / held);
    const wanted = (value * (1 / LEVEL)) / held;
    const size = blockSize(blocks);
    const more = p <= LEVEL ? null : foreseeBlocks(blocks, wanted);
    return { of, method: 'e-process', p, level: LEVEL, more: more === null ? null : more * size };
  });
}

function testFixed(all: readonly Hypothesis[]): SignatureTest[] {
  const counts = all.map(({ blocks }) => countBlocks(blocks));
  const values = counts.map(({ more, less }) => testDifference(more, less));
  const adjusted = adjustPValues(values);
  return all.map(({ of, blocks }, index) => {
    const [value = 1, p = 1] = [values[index], adjusted[index]];
    const more = p <= LEVEL ? null : foreseeTrials(counts[index], LEVEL * (value / p));
    return {
      of,
      method: 'fisher',
      p,
      level: LEVEL,
      more: more === null ? null : more * blockSize(blocks),
    };
  });
}

/** A block in which any trial saw it has seen it: its trials may be the same one again. */
export function countBlocks(blocks: readonly Block[]): { readonly more: Count; readonly less: Count } {
  const count = (arm: 'more' | 'less'): Count => {
    const own = blocks.filter((block) => block[arm].length > 0);
    return { seen: own.filter((block) => block[arm].includes(true)).length, trials: own.length };
  };
  return { more: count('more'), less: count('less') };
}

/** Trials of an arm in a block, about. */
function blockSize(blocks: readonly Block[]): number {
  const trials = blocks.reduce((sum, { more, less }) => sum + more.length + less.length, 0);
  return Math.max(1, Math.round(trials / 2 / Math.max(1, blocks.length)));
}

const MOST_TRIALS = 1000;

/** How many more trials of each arm would bring Fisher's test to `level`, at the same rates; null for very many. */
function foreseeTrials(
  counts: { readonly more: Count; readonly less: Count } | undefined,
  level: number,
): number | null {
  if (!counts || counts.more.trials === 0 || counts.less.trials === 0) return null;
  const scale = ({ seen, trials }: Count, count: number): Count => ({
    seen: Math.round((seen / trials) * (trials + count)),
    trials: trials + count,
  });
  if (counts.more.seen / counts.more.trials <= counts.less.seen / counts.less.trials) return null;
  for (let count = 1; count <= MOST_TRIALS; count += 1)
    if (testDifference(scale(counts.more, count), scale(counts.less, count)) <= level) return count;
  return null;
}
