// SPDX-License-Identifier: MIT
import type { SignatureVerdict } from '../model/index.ts';

/**
 * The signatures that decide a scenario. Not among them: known issues; a test that fails on both arms, which the series neither broke nor
 * was asked to mend; and what the base alone showed, too seldom to say whether it is fixed, where something else of the scenario is:
 * a race has rare faces beside its usual one, and to wait for each of them would never end.
 */
export function selectDecisive(signatures: readonly SignatureVerdict[]): readonly SignatureVerdict[] {
  const unknown = signatures.filter(({ known }) => known === undefined);
  const isFixed = unknown.some((one) => one.comparison === 'fixed');
  return unknown.filter(
    (one) => !(one.kind === 'subtest' && one.comparison === 'notFixed') && !(isFixed && isRareOnBase(one)),
  );
}

/** How many signatures the base alone showed, too seldom to say whether they are fixed. */
export function countRare(signatures: readonly SignatureVerdict[]): number {
  return signatures.filter((one) => one.known === undefined && isRareOnBase(one)).length;
}

function isRareOnBase({ comparison, base, patched }: SignatureVerdict): boolean {
  return comparison === 'inconclusive' && base.seen > 0 && patched?.seen === 0;
}
