// SPDX-License-Identifier: MIT

/** A mutant that no test can kill, because it behaves like the original. */
export interface EquivalentMutant {
  readonly file: string;
  /** The source line on which the mutated code begins, without its indentation. */
  readonly line: string;
  readonly replacement: string;
  readonly why: string;
}

/** These do not count in the score of `make mutate`. One that is killed, or no longer there, is reported. */
export const EQUIVALENT_MUTANTS: readonly EquivalentMutant[] = [];
