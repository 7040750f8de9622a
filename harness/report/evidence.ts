// SPDX-License-Identifier: MIT
import type { SignatureVerdict, SplatBody, TrialResult } from '../model/index.ts';
import { callPath } from './frame.ts';

export interface Evidence {
  readonly trial: TrialResult;
  readonly splat: SplatBody;
}

/**
 * The complaint that stands for a signature, from the last trial that has it: the patched kernel's where it was seen
 * there. Of several in one trial the first with a trace, rather one that follows from no other; null where no trial has it.
 */
export function findEvidence(one: SignatureVerdict, trials: readonly TrialResult[]): Evidence | null {
  for (const id of one.trials.toReversed()) {
    const trial = trials.find((candidate) => candidate.id === id);
    const own = trial?.splats.filter((splat) => splat.signature === one.signature) ?? [];
    const traced = own.filter((splat) => callPath(splat).length > 0);
    const splat = traced.find((candidate) => candidate.follows === null) ?? traced[0] ?? own[0];
    if (trial && splat) return { trial, splat };
  }
  return null;
}

/** Remembers where a signature's complaint was printed, so that the same is printed once and named afterwards. */
export interface PrintedOnce {
  /** Where it was printed before, or null: then it is `place` from now on. */
  claim(signature: string, place: string): string | null;
}

export function createPrintedOnce(): PrintedOnce {
  const places = new Map<string, string>();
  return {
    claim(signature, place) {
      const before = places.get(signature);
      if (before !== undefined) return before;
      places.set(signature, place);
      return null;
    },
  };
}
