// SPDX-License-Identifier: MIT
import type { CampaignState, Diagnostic } from '../model/index.ts';
import { describeDiagnostic } from './words.ts';

/** Warnings that the series adds, in the order of the patches that the compiler's files belong to. */
export function newWarnings(state: CampaignState): readonly Diagnostic[] {
  return state.arms
    .slice(1)
    .flatMap((arm) => arm.build?.newDiagnostics ?? [])
    .filter((one) => one.severity === 'warning')
    .toSorted((a, b) => (a.patch ?? Number.MAX_SAFE_INTEGER) - (b.patch ?? Number.MAX_SAFE_INTEGER));
}

/** New warnings for people, a line each: `patch 3: file:12: unused variable`. */
export function warningLines(state: CampaignState): string[] {
  return newWarnings(state).map(
    (one) => `${one.patch === null ? 'the series' : `patch ${one.patch}`}: ${describeDiagnostic(one)}`,
  );
}
