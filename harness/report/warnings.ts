// SPDX-License-Identifier: MIT
import type { CampaignState, Diagnostic } from '../model/index.ts';
import { describeDiagnostic } from './words.ts';

/** Returns the warnings that the series adds, in the order of the patches that last touched the files. */
function newWarnings(state: CampaignState): readonly Diagnostic[] {
  return state.arms
    .slice(1)
    .flatMap((arm) => arm.build?.newDiagnostics ?? [])
    .filter((one) => one.severity === 'warning')
    .toSorted((a, b) => (a.patch ?? Number.MAX_SAFE_INTEGER) - (b.patch ?? Number.MAX_SAFE_INTEGER));
}

/** Prints new warnings, a line each: `patch 3: file:12: unused variable`. */
export function warningLines(state: CampaignState): string[] {
  return newWarnings(state).map(
    (one) => `${one.patch === null ? 'the series' : `patch ${one.patch}`}: ${describeDiagnostic(one)}`,
  );
}
