// SPDX-License-Identifier: MIT
import type { SignatureVerdict, SplatBody, TrialResult } from '../model/index.ts';
import { callPath } from './frame.ts';

export interface Evidence {
  readonly trial: TrialResult;
  readonly splat: SplatBody;
}

/**
 * Finds the complaint that is shown for a signature: from the last trial that has it, so from the patched kernel where it
 * was seen there. Within a trial it prefers one with a trace, then one that follows from no other. Null if no trial has it.
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

/** Remembers where each signature's complaint was printed, so that later places refer to it. */
export interface PrintedOnce {
  /** Returns where the signature was printed before. Null the first time, and then `place` is remembered. */
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
