// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import {
  type CampaignState,
  type Comparison,
  comparisonWords,
  exitCodeOfComparison,
} from '../model/index.ts';
import { judgedScenarios, trialsOf } from './select.ts';
import { oneLine, padText, widthOf } from './text.ts';
import { describeOutcome } from './words.ts';

/** Prints a line for each scenario: how its trials ended on each arm, and its verdict. Of a per-patch run, both ends. */
export function scenarioLines(state: CampaignState, color: boolean): string[] {
  const paint = pc.createColors(color);
  const words = comparisonWords(state.plan.arms.length);
  const names = state.plan.arms.map((arm) => arm.name);
  const arms = state.plan.comparison === 'per-patch' ? [...new Set([names[0], names.at(-1)])] : names;
  const scenarios = judgedScenarios(state);
  const head = ['scenario', ...arms.map((arm) => oneLine(arm ?? '')), 'verdict'];
  const rows = scenarios.map((one) => [
    oneLine(one.scenario),
    ...arms.map((arm) => summarise(one.scenario, arm ?? '', state)),
    words[one.comparison],
  ]);
  const widths = head.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const format = (row: readonly string[]) =>
    row
      .map((cell, column) => padText(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    paint.bold(format(head)),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...rows.map((row, index) =>
      tintComparison(scenarios[index]?.comparison ?? 'inconclusive', format(row), color),
    ),
  ];
}

/** Colours text green for a positive verdict, red for a negative one, yellow for an undecided one. */
export function tintComparison(comparison: Comparison, text: string, color: boolean): string {
  const paint = pc.createColors(color);
  if (comparison === 'skipped') return paint.yellow(text);
  const tints = { 0: paint.green, 1: paint.red, 69: paint.yellow };
  return tints[exitCodeOfComparison(comparison)](text);
}

/** Summarises how an arm's trials ended: `passed`, or `passed 2/3, failed (lab) 1/3`. */
function summarise(scenario: string, arm: string, state: CampaignState): string {
  const own = trialsOf(scenario, state).filter((trial) => trial.arm === arm);
  const outcomes = own.map(describeOutcome);
  const kinds = [...new Set(outcomes)];
  if (own.length === 0) return 'not run';
  if (own.length === 1) return kinds.join();
  return kinds
    .map((kind) => `${kind} ${outcomes.filter((one) => one === kind).length}/${own.length}`)
    .join(', ');
}
