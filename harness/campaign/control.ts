// SPDX-License-Identifier: MIT
import type { PlannedTrial } from '../model/index.ts';

/**
 * Picks the controls: 1 in N clone trials is also run on a cold-booted machine. The choice follows from the seed alone: evenly
 * spread, from a first one that the seed picks. At least one where there are clones, unless N is 0, which means none. Pure.
 */
export function chooseControls(
  trials: readonly PlannedTrial[],
  seed: number,
  clonesPerControl: number,
): PlannedTrial[] {
  const clones = trials.filter((trial) => trial.boot === 'clone');
  const count = clonesPerControl === 0 ? 0 : Math.ceil(clones.length / clonesPerControl);
  return Array.from({ length: count }, (_, index) => {
    const place = (seed + Math.floor((index * clones.length) / count)) % clones.length;
    const twin = clones[place] as PlannedTrial;
    return { ...twin, id: `${twin.id}.control`, boot: 'cold', control: true };
  });
}
