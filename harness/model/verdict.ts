// SPDX-License-Identifier: MIT

/** What a comparison of two arms says about one signature, or about a whole scenario (the worst of its signatures). */
export type Comparison = 'fixed' | 'notFixed' | 'regressed' | 'clean' | 'notReproduced' | 'inconclusive';

/** One signature, on the base and on the patched kernel. */
export interface SignatureVerdict {
  readonly signature: string;
  readonly title: string;
  readonly kind: 'splat' | 'expectation' | 'death';
  readonly comparison: Comparison;
  /** In how many of how many conclusive trials it was seen. */
  readonly base: { readonly seen: number; readonly trials: number };
  readonly patched: { readonly seen: number; readonly trials: number };
  /** Trial ids in which it was seen, the base's first. */
  readonly trials: readonly string[];
}

export interface ScenarioVerdict {
  readonly scenario: string;
  readonly comparison: Comparison;
  readonly reason: string;
  readonly signatures: readonly SignatureVerdict[];
}

/** The answer to one request. */
export interface CampaignVerdict {
  readonly format: 1;
  readonly comparison: Comparison;
  readonly reason: string;
  readonly scenarios: readonly ScenarioVerdict[];
  /** Exit code of the command line: 0 as it should be, 1 negative, 69 when the lab left it undecided. */
  readonly exitCode: 0 | 1 | 69;
}
