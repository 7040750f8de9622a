// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import type {
  CampaignVerdict,
  Comparison,
  PerPatchGrid,
  ScenarioVerdict,
  TrialResult,
} from '../model/index.ts';
import { findSplat, type PrintOptions, printSplat } from './splat.ts';
import {
  countSeen,
  describeOutcome,
  foldWords,
  isGood,
  oneLine,
  undecidedTrials,
  wordsFor,
} from './words.ts';

/** The verdict for people: a line a scenario, then why, then each decisive complaint with its call trace. */
export function verdictTable(
  verdict: CampaignVerdict,
  trials: readonly TrialResult[],
  options: PrintOptions,
): string {
  const paint = pc.createColors(options.color);
  const words = wordsFor(trials);
  const tint = (comparison: Comparison, text: string) =>
    isGood(comparison)
      ? paint.green(text)
      : comparison === 'inconclusive' || comparison === 'notReproduced'
        ? paint.yellow(text)
        : paint.red(text);
  const arms = armsOf(trials, verdict.perPatch);
  const head = ['scenario', ...arms, 'verdict'];
  const rows = verdict.scenarios.map((one) => [
    one.scenario,
    ...arms.map((arm) => summarise(one, arm, trials)),
    words[one.comparison],
  ]);
  const widths = head.map((word, column) =>
    Math.max(word.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = [paint.bold(pad(head)), widths.map((width) => '-'.repeat(width)).join('  ')];
  rows.forEach((row, index) => {
    lines.push(tint(verdict.scenarios[index]?.comparison ?? 'inconclusive', pad(row)));
  });
  for (const scenario of verdict.scenarios) lines.push(...explain(scenario, trials, options));
  for (const scenario of verdict.scenarios) lines.push(...showEvidence(scenario, trials, options));
  if (verdict.perPatch) lines.push(...showPassingFaults(verdict.perPatch, trials, options));
  const word = words[verdict.comparison];
  const [first = '', ...rest] = foldWords(
    `${word}: ${oneLine(verdict.reason)}`,
    ' '.repeat('verdict  '.length),
  );
  const coloured = first.trimStart().replace(word, () => tint(verdict.comparison, word));
  lines.push('', `${paint.bold('verdict')}  ${coloured}`, ...rest);
  return lines.join('\n');
}

/** Arms in the order in which trials came; both, when no trial ever ran. Of a per-patch run the two ends: the grid has all. */
function armsOf(trials: readonly TrialResult[], perPatch: PerPatchGrid | null): string[] {
  if (perPatch) return [perPatch.arms[0], perPatch.arms.at(-1)].filter((arm) => arm !== undefined);
  return trials.length === 0 ? ['base', 'patched'] : [...new Set(trials.map((trial) => trial.arm))];
}

/** How an arm's trials ended: `passed`, or `passed 2/3, failed (lab) 1/3`. */
function summarise(scenario: ScenarioVerdict, arm: string, trials: readonly TrialResult[]): string {
  const own = trials.filter((trial) => trial.scenario === scenario.scenario && trial.arm === arm);
  const words = own.map(describeOutcome);
  const kinds = [...new Set(words)];
  if (own.length === 0) return 'not run';
  if (own.length === 1) return kinds.join();
  return kinds
    .map((kind) => `${kind} ${words.filter((word) => word === kind).length}/${own.length}`)
    .join(', ');
}

/** Why a scenario came to its verdict: its signatures with counts, and the trials that decided nothing. */
function explain(scenario: ScenarioVerdict, trials: readonly TrialResult[], options: PrintOptions): string[] {
  const undecided = undecidedTrials(scenario, trials);
  if (scenario.comparison === 'clean' && undecided.length === 0) return [];
  const paint = pc.createColors(options.color);
  const words = wordsFor(trials);
  const lines = [
    '',
    ...foldWords(`${scenario.scenario}: ${words[scenario.comparison]}: ${oneLine(scenario.reason)}`).map(
      (line, index) =>
        index === 0 ? line.replace(scenario.scenario, () => paint.bold(scenario.scenario)) : line,
    ),
  ];
  for (const one of scenario.signatures)
    lines.push(
      ...foldWords(`${words[one.comparison]}: ${oneLine(one.title)} (${countSeen(one)})`, '  '),
      paint.dim(`    signature ${oneLine(one.signature)}`),
    );
  for (const trial of undecided)
    if (!scenario.reason.includes(`${trial.id}:`))
      lines.push(
        ...foldWords(
          `decided nothing: ${trial.id} ${describeOutcome(trial)}: ${oneLine(trial.reason)}`,
          '  ',
        ),
      );
  return lines;
}

/** The splats of the signatures that made the verdict what it is, each with all its traces; all of an undecided one. */
function showEvidence(
  scenario: ScenarioVerdict,
  trials: readonly TrialResult[],
  options: PrintOptions,
): string[] {
  const paint = pc.createColors(options.color);
  return scenario.signatures
    .filter((one) => one.comparison === scenario.comparison || scenario.comparison === 'inconclusive')
    .flatMap((one) => {
      const splat = findSplat(one, trials);
      if (!splat) return [];
      const trial = trials.find((candidate) => candidate.splats.some((own) => own === splat));
      return [
        '',
        paint.dim(`${scenario.scenario}, from ${trial?.id ?? scenario.scenario}:`),
        printSplat(splat, options),
      ];
    });
}

/** The first complaint of each trial on a prefix that is not bisectable. */
function showPassingFaults(
  perPatch: PerPatchGrid,
  trials: readonly TrialResult[],
  options: PrintOptions,
): string[] {
  const paint = pc.createColors(options.color);
  const arms = perPatch.notBisectableAt.map((patch) => perPatch.arms[patch]);
  return trials
    .filter((trial) => arms.includes(trial.arm))
    .flatMap((trial) => {
      const found = trial.findings.find((finding) => finding.splat !== null);
      const splat = found && trial.splats[found.splat ?? 0];
      if (!splat) return [];
      return ['', paint.dim(`${trial.scenario}, from ${trial.id}:`), printSplat(splat, options)];
    });
}
