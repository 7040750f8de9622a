// SPDX-License-Identifier: MIT
import {
  type CampaignVerdict,
  type ChangedCode,
  COMPARISONS,
  type Comparison,
  comparisonWords,
  describeUntried,
  exitCodeOfComparison,
  isGood,
  isUntried,
  type PerPatchGrid,
  type ScenarioVerdict,
} from '../model/index.ts';
import { worstOf } from './compare.ts';

/**
 * The verdict on a whole request: the worst of its scenarios. `arms` is how many kernels were compared, `code` what the last of
 * them compiled of the series.
 */
export function concludeCampaign(
  scenarios: readonly ScenarioVerdict[],
  arms: number,
  perPatch: PerPatchGrid | null = null,
  code: ChangedCode | null = null,
): CampaignVerdict {
  const worstOfAll = worstOf(scenarios.map((one) => one.comparison));
  // Where each scenario was skipped, nothing was tried.
  const judged = scenarios.length === 0 || worstOfAll === 'skipped' ? 'inconclusive' : worstOfAll;
  const flaws = perPatch?.notBisectableAt ?? [];
  // A series that breaks on the way what works at both ends has broken it.
  const shown = flaws.length > 0 && isGood(judged) ? 'regressed' : judged;
  // Kernels without the series' code are alike, and that says nothing about it.
  const comparison = code && isUntried(code) && isGood(shown) ? 'inconclusive' : shown;
  const untried = code && describeUntried(code);
  const parts = [countComparisons(scenarios, comparisonWords(arms))];
  const worst = isGood(judged) ? undefined : scenarios.find((one) => one.comparison === judged);
  if (judged === 'inconclusive' && !worst && scenarios[0]) parts.push(`nothing ran: ${scenarios[0].reason}`);
  if (worst) parts.push(`${worst.scenario}: ${worst.reason}`);
  if (flaws.length > 0)
    parts.push(`not bisectable at ${flaws.map((one) => `${one}/${arms - 1}`).join(', ')}`);
  if (untried) parts.push(untried);
  return {
    format: 1,
    comparison,
    reason: parts.join('; '),
    scenarios,
    perPatch,
    ...(untried ? { notCompiled: code.notCompiled } : {}),
    exitCode: exitCodeOfComparison(comparison),
  };
}

/** `1 regressed, 2 fixed`, the worst first. */
function countComparisons(
  scenarios: readonly ScenarioVerdict[],
  words: Readonly<Record<Comparison, string>>,
): string {
  if (scenarios.length === 0) return 'no scenario was judged';
  return COMPARISONS.flatMap((kind) => {
    const count = scenarios.filter((one) => one.comparison === kind).length;
    return count === 0 ? [] : [`${count} ${words[kind]}`];
  }).join(', ');
}
