// SPDX-License-Identifier: MIT
import {
  type ArmCoverage,
  type CampaignVerdict,
  type CoverageVerdict,
  describeUnmeasured,
  type FunctionHits,
  type TrialResult,
} from '../model/index.ts';

/**
 * Adds to a verdict which of the changed functions ran in trials of the patched kernel, for each scenario and for all. It
 * changes nothing else. `arm` is what is known of that kernel; null: nothing was to be counted.
 */
export function addCoverage(
  verdict: CampaignVerdict,
  arm: ArmCoverage | null,
  trials: readonly TrialResult[],
): CampaignVerdict {
  if (arm === null) return verdict;
  return {
    ...verdict,
    scenarios: verdict.scenarios.map((one) => ({
      ...one,
      coverage: summarise(
        arm,
        trials.filter((trial) => trial.scenario === one.scenario),
      ),
    })),
    coverage: summarise(arm, trials),
  };
}

function summarise(arm: ArmCoverage, trials: readonly TrialResult[]): CoverageVerdict {
  const counted = trials.flatMap(({ coverage }) => (coverage ? [coverage.functions] : []));
  const reason = arm.notMeasured ?? (counted.length === 0 ? 'no trial of the patched kernel counted' : null);
  const empty = { changed: arm.total, ran: 0, neverExecuted: [], notMeasured: [], trials: counted.length };
  if (reason !== null) return { ...empty, reason };
  const found = arm.functions.map(({ function: name, file }) => {
    const own = counted.flatMap((all) => all.filter((one) => one.function === name && one.file === file));
    return { name, text: `${name} (${file})`, ...judge(own) };
  });
  return {
    ...empty,
    ran: found.filter((one) => one.hits > 0).length,
    neverExecuted: found.filter((one) => one.hits === 0 && one.reason === null).map((one) => one.text),
    notMeasured: found.flatMap((one) =>
      one.hits === 0 && one.reason !== null ? [{ function: one.text, reason: one.reason }] : [],
    ),
    reason: null,
  };
}

/** One trial in which it ran proves that it ran; that it did not, those that could see it. */
function judge(own: readonly FunctionHits[]): { readonly hits: number; readonly reason: string | null } {
  const hits = own.reduce((sum, one) => sum + (one.hits ?? 0), 0);
  const blind = own.find((one) => one.hits === null && one.unmeasured !== 'unread');
  const seen = own.some((one) => one.hits !== null);
  if (hits > 0 || (seen && !blind)) return { hits, reason: null };
  return { hits, reason: describeUnmeasured(blind?.unmeasured ?? 'unread') };
}
