// SPDX-License-Identifier: MIT
import {
  type CampaignState,
  comparisonWords,
  isUntried,
  printable,
  type ScenarioVerdict,
} from '../model/index.ts';
import { COMPILED_NAME, findUncompiled } from './changed-code.ts';
import { cloneLines } from './clones.ts';
import { coverageLines } from './coverage.ts';
import { createPrintedOnce } from './evidence.ts';
import { gridLines } from './grid.ts';
import type { ReportOptions } from './options.ts';
import { judgedScenarios } from './select.ts';
import { describeStanding, type Standing } from './standing.ts';
import { bisectableBlock, scenarioBlock, uncompiledBlock } from './tap-block.ts';
import { oneLine } from './text.ts';
import { warningLines } from './warnings.ts';
import { isGood } from './words.ts';

/**
 * Prints a campaign as TAP 14 (testanything.org/tap-version-14-specification): one test point for each scenario, named by
 * the scenario alone, with verdict and evidence in its YAML block. A campaign that judged no scenario is one failed point,
 * since an empty plan would read as passed. A campaign without a complete verdict bails out.
 */
export function tapReport(state: CampaignState, options: ReportOptions): string {
  const standing = describeStanding(state, options.runDirectory);
  const words = comparisonWords(state.plan.arms.length);
  const comments = [
    ...state.notes.map((note) => `note: ${note}`),
    ...warningLines(state).map((warning) => `new warning: ${warning}`),
  ];
  const closing = [
    ...gridLines(state, false).filter((line) => line !== ''),
    ...(state.verdict ? [`verdict: ${words[state.verdict.comparison]}: ${state.verdict.reason}`] : []),
    ...coverageLines(state),
    ...cloneLines(state.clones),
    ...(standing ? [...standing.details.map((line) => `  ${line}`), standing.next] : []),
    `run: ${options.runDirectory}`,
    `repeat: ${state.request.repeat}`,
  ];
  return `${[
    'TAP version 14',
    ...(state.verdict ? points(state, options, comments) : comments.map(comment)),
    ...closing.map(comment),
    ...(standing ? [bailOut(standing)] : []),
  ].join('\n')}\n`;
}

function points(state: CampaignState, options: ReportOptions, comments: readonly string[]): string[] {
  const scenarios = judgedScenarios(state);
  const perPatch = state.verdict?.perPatch ?? null;
  const uncompiled = findUncompiled(state);
  const last = Math.max(1, scenarios.length) + (perPatch ? 1 : 0);
  const count = last + (uncompiled ? 1 : 0);
  const printed = createPrintedOnce();
  const lines = [`1..${count}`, ...comments.map(comment)];
  if (scenarios.length === 0) lines.push('not ok 1 - a scenario was judged');
  scenarios.forEach((scenario, index) => {
    const claim = (signature: string) => printed.claim(signature, `test point ${index + 1}`);
    lines.push(
      `${isGood(scenario.comparison) ? 'ok' : 'not ok'} ${index + 1} - ${escapeName(scenario.scenario)}${directive(scenario)}`,
      ...scenarioBlock(scenario, state, options, claim).map((line) => `  ${line}`),
    );
  });
  if (perPatch)
    lines.push(
      `${perPatch.notBisectableAt.length === 0 ? 'ok' : 'not ok'} ${last} - the series is bisectable`,
      ...bisectableBlock(perPatch).map((line) => `  ${line}`),
    );
  // Skipped is what was not tried; where nothing was tried, the whole run says nothing.
  if (uncompiled)
    lines.push(
      isUntried(uncompiled)
        ? `not ok ${count} - ${COMPILED_NAME}`
        : `ok ${count} - ${COMPILED_NAME} # SKIP not all of it`,
      ...uncompiledBlock(uncompiled).map((line) => `  ${line}`),
    );
  return lines;
}

/** Makes a comment of any text. */
function comment(text: string): string {
  return `# ${printable(text.replace(/\s/g, ' '))}`.trimEnd();
}

function bailOut(standing: Standing): string {
  return `Bail out! ${oneLine(standing.message)}`;
}

/** Says of a scenario that was skipped why. */
function directive({ comparison, reason }: ScenarioVerdict): string {
  return comparison === 'skipped' ? ` # SKIP ${oneLine(reason)}` : '';
}

/** Escapes a name: a hash would open a directive, and a backslash escapes. */
function escapeName(name: string): string {
  return oneLine(name).replaceAll('\\', '\\\\').replaceAll('#', '\\#');
}
