// SPDX-License-Identifier: MIT
import { type CampaignState, type CoverageVerdict, describeCoverage } from '../model/index.ts';

/** Says which of the changed functions ran: in all, and in each scenario where that is not the same. */
export function coverageLines({ verdict }: Pick<CampaignState, 'verdict'>): string[] {
  const all = verdict?.coverage;
  if (!verdict || !all) return [];
  const text = describeCoverage(all);
  const rows = verdict.scenarios.flatMap(({ scenario, coverage }) =>
    coverage && describeCoverage(coverage) !== text
      ? [`${scenario}: ${describeScenario(coverage, all)}`]
      : [],
  );
  return [`changed code: ${text}`, ...rows];
}

/** What no trial of any scenario could measure stands above. */
function describeScenario(coverage: CoverageVerdict, all: CoverageVerdict): string {
  const isNew = (one: CoverageVerdict['notMeasured'][number]) =>
    !all.notMeasured.some(({ function: name }) => name === one.function);
  return describeCoverage({ ...coverage, notMeasured: coverage.notMeasured.filter(isNew) });
}

/** The part of a scenario's YAML block; `quote` quotes a scalar. */
export function coverageItem(coverage: CoverageVerdict, quote: (text: string) => string): string[] {
  const { changed, ran, trials, neverExecuted, notMeasured, reason } = coverage;
  if (reason !== null) return [`changedFunctions: ${quote(`not measured: ${reason}`)}`];
  return [
    `changedFunctions: { changed: ${changed}, ran: ${ran}, trials: ${trials} }`,
    ...(neverExecuted.length > 0
      ? ['neverExecuted:', ...neverExecuted.map((one) => `  - ${quote(one)}`)]
      : []),
    ...(notMeasured.length > 0
      ? ['notMeasured:', ...notMeasured.map((one) => `  - ${quote(`${one.function}: ${one.reason}`)}`)]
      : []),
  ];
}
