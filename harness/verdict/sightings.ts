// SPDX-License-Identifier: MIT
import { groupFindings, type SignatureVerdict, type TrialResult } from '../model/index.ts';

/** In which trials of each arm a signature was seen. */
export interface Sighting {
  readonly signature: string;
  readonly title: string;
  readonly kind: SignatureVerdict['kind'];
  readonly onBase: string[];
  readonly onPatched: string[];
}

/** Every bug that any trial found, by the signature of its first finding, in the order of the first sightings, the base's first. */
export function countSightings(arms: {
  readonly base: readonly TrialResult[];
  readonly patched: readonly TrialResult[];
}): Sighting[] {
  const all = new Map<string, Sighting>();
  const groups = groupFindings([...arms.base, ...arms.patched].flatMap((trial) => trial.findings));
  for (const [trials, side] of [
    [arms.base, 'onBase'],
    [arms.patched, 'onPatched'],
  ] as const) {
    for (const { id, findings } of trials) {
      for (const { signature: own, title, kind } of findings) {
        const signature = groups.get(own) ?? own;
        const one = all.get(signature) ?? { signature, title, kind, onBase: [], onPatched: [] };
        if (!one[side].includes(id)) one[side].push(id);
        all.set(signature, one);
      }
    }
  }
  return [...all.values()];
}
