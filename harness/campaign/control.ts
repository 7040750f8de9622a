// SPDX-License-Identifier: MIT
import type { PlannedTrial } from './plan.ts';

/** One in this many trials in clones is done in a booted machine as well. */
const CLONES_PER_CONTROL = 20;

/**
 * The control sample: twins of some trials in clones, each in a machine that boots. The choice follows from the seed
 * alone: evenly spread, from a first one that the seed picks. At least one where there are clones. Pure.
 */
export function chooseControls(trials: readonly PlannedTrial[], seed: number): PlannedTrial[] {
  const clones = trials.filter((trial) => trial.boot === 'clone');
  const count = Math.ceil(clones.length / CLONES_PER_CONTROL);
  return Array.from({ length: count }, (_, index) => {
    const place = (seed + Math.floor((index * clones.length) / count)) % clones.length;
    const twin = clones[place] as PlannedTrial;
    return { ...twin, id: `${twin.id}.control`, boot: 'control' };
  });
}
