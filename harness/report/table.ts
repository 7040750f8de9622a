// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import type { CampaignVerdict, Comparison, ScenarioVerdict, TrialResult } from '../model/index.ts';
import { type PrintOptions, printSplat } from './splat.ts';
import { findSplat } from './tap.ts';
import { COMPARISON_WORDS, countSeen } from './words.ts';

/** The verdict for people: a line a scenario, then the evidence. */
export function verdictTable(
  verdict: CampaignVerdict,
  trials: readonly TrialResult[],
  options: PrintOptions,
): string {
  const paint = pc.createColors(options.color);
  const tint = (comparison: Comparison, text: string) =>
    comparison === 'fixed' || comparison === 'clean'
      ? paint.green(text)
      : comparison === 'inconclusive' || comparison === 'notReproduced'
        ? paint.yellow(text)
        : paint.red(text);
  const arms = [...new Set(trials.map((trial) => trial.arm))];
  const cells = verdict.scenarios.map((one) => [
    one.scenario,
    ...arms.map((arm) => summarise(one, arm, trials)),
    COMPARISON_WORDS[one.comparison],
  ]);
  const head = ['scenario', ...arms, 'verdict'];
  const widths = head.map((word, column) =>
    Math.max(word.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = [paint.bold(pad(head)), widths.map((width) => '-'.repeat(width)).join('  ')];
  cells.forEach((row, index) => {
    lines.push(tint(verdict.scenarios[index]?.comparison ?? 'inconclusive', pad(row)));
  });
  for (const scenario of verdict.scenarios) lines.push(...explain(scenario, trials, options));
  lines.push(
    '',
    `${paint.bold('verdict')}  ${tint(verdict.comparison, COMPARISON_WORDS[verdict.comparison])}: ${verdict.reason}`,
  );
  return lines.join('\n');
}

function summarise(scenario: ScenarioVerdict, arm: string, trials: readonly TrialResult[]): string {
  const own = trials.filter((trial) => trial.scenario === scenario.scenario && trial.arm === arm);
  const failed = own.filter((trial) => trial.outcome === 'failed');
  const blames = [...new Set(failed.map((trial) => trial.blame))].join(', ');
  if (own.every((trial) => trial.outcome === 'passed'))
    return own.length > 1 ? `passed ${own.length}x` : 'passed';
  if (failed.length === 0) return own[0]?.outcome ?? 'not run';
  return `${own.length > 1 ? `${failed.length}/${own.length} ` : ''}failed (${blames})`;
}

function explain(scenario: ScenarioVerdict, trials: readonly TrialResult[], options: PrintOptions): string[] {
  if (scenario.comparison === 'clean') return [];
  const paint = pc.createColors(options.color);
  const lines = [
    '',
    `${paint.bold(scenario.scenario)}: ${COMPARISON_WORDS[scenario.comparison]}: ${scenario.reason}`,
  ];
  for (const one of scenario.signatures) {
    lines.push(`  ${COMPARISON_WORDS[one.comparison]}: ${one.title} (${countSeen(one)})`);
    const splat = one.comparison === 'fixed' ? null : findSplat(one, trials);
    if (splat)
      lines.push(
        ...printSplat(splat, options)
          .split('\n')
          .map((line) => `    ${line}`),
      );
  }
  return lines;
}
