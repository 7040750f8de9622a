// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import { type CampaignState, comparisonWords, printable } from '../model/index.ts';
import { findUncompiled } from './changed-code.ts';
import { cloneLines } from './clones.ts';
import { gridLines } from './grid.ts';
import { heatLines } from './heat.ts';
import type { ReportOptions } from './options.ts';
import { evidenceLines, reasonLines } from './reasons.ts';
import { scenarioLines, tintComparison } from './scenarios.ts';
import { judgedScenarios } from './select.ts';
import { describeStanding } from './standing.ts';
import { foldWords, oneLine } from './text.ts';
import { warningLines } from './warnings.ts';

/** A terminal may say that it has none. */
const LEAST_COLUMNS = 40;

/**
 * Prints a campaign for people: notes, new warnings, the per-patch grid, a line for each scenario, reasons, the decisive
 * complaints with their call traces, and the verdict. Without a verdict it says why, and what has been done.
 */
export function tableReport(state: CampaignState, given: ReportOptions): string {
  const options = { ...given, columns: Math.max(LEAST_COLUMNS, given.columns) };
  const paint = pc.createColors(options.color);
  const sections = [
    [paint.bold(oneLine(state.request.title)), ...noteLines(state, options)],
    gridLines(state, options.color),
    verdictLines(state, options),
    heatLines(state, options.columns),
    standingLines(state, options),
    [
      ...cloneLines(state.clones).map(oneLine),
      `run     ${printable(options.runDirectory)}`,
      `repeat  ${printable(state.request.repeat)}`,
    ],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function noteLines(state: CampaignState, options: ReportOptions): string[] {
  return [
    ...state.notes.map((note) => `note: ${note}`),
    ...warningLines(state).map((warning) => `new warning: ${warning}`),
    ...(findUncompiled(state)?.notCompiled ?? []).map((file) => `not compiled: ${file}`),
  ].flatMap((line) => foldWords(oneLine(line), '', options.columns));
}

function verdictLines(state: CampaignState, options: ReportOptions): string[] {
  const { verdict } = state;
  if (!verdict) return [];
  const scenarios = judgedScenarios(state);
  const word = comparisonWords(state.plan.arms.length)[verdict.comparison];
  const label = 'verdict  ';
  const [first = '', ...rest] = foldWords(
    oneLine(`${word}: ${verdict.reason}`),
    ' '.repeat(label.length),
    options.columns,
  );
  const tinted = first
    .trimStart()
    .replace(word, () => tintComparison(verdict.comparison, word, options.color));
  return [
    ...scenarioLines(state, options.color),
    ...scenarios.flatMap((scenario) => reasonLines(scenario, state, options)),
    ...evidenceLines(state, scenarios, options),
    '',
    `${pc.createColors(options.color).bold(label.trimEnd())}  ${tinted}`,
    ...rest,
  ];
}

function standingLines(state: CampaignState, options: ReportOptions): string[] {
  const standing = describeStanding(state, options.runDirectory);
  if (!standing) return [];
  const [first = '', ...rest] = foldWords(oneLine(standing.message), '', options.columns);
  return [
    pc.createColors(options.color).yellow(first),
    ...rest,
    ...standing.details.map((line) => `  ${printable(line)}`.trimEnd()),
    ...foldWords(oneLine(standing.next), '  ', options.columns),
  ];
}
