// SPDX-License-Identifier: MIT
import {
  type CampaignState,
  comparisonWords,
  quoteArgs,
  type StepRecord,
  type TrialResult,
  type TrialState,
} from '../model/index.ts';
import { findUncompiled } from './changed-code.ts';
import { drawHeat } from './heat.ts';
import { countSubtests } from './subtests.ts';
import { oneLine, REPORT_COLUMNS } from './text.ts';
import { describeOutcome, formatDuration, nameTrial } from './words.ts';

/** How a campaign stands, in a few words: `regressed`, `interrupted`, `not finished`. */
export function describeEnd(state: CampaignState): string {
  const { end, verdict } = state;
  if (end === null) return 'not finished';
  switch (end.kind) {
    case 'finished':
      return verdict ? comparisonWords(state.arms.length)[verdict.comparison] : 'no verdict';
    case 'rejected':
      return state.rejection?.kind === 'conflict' ? 'does not apply' : 'does not compile';
    case 'interrupted':
      return 'interrupted';
    case 'fault':
      return `${end.blame} fault`;
  }
}

/** A run as one line of a list. */
export function describeRun(state: CampaignState): string {
  const done = state.trials.filter((trial) => trial.status === 'done').length;
  const count = `${done}/${state.trials.length}`;
  return `${state.request.id}  ${describeEnd(state).padEnd(14)}  ${count.padStart(7)}  ${oneLine(state.request.title)}`;
}

/** What is known of a run, for people, and the commands that go on from there. */
export function showRun(state: CampaignState, runDirectory: string): string {
  const { request, end } = state;
  const lines = [
    `run       ${request.id}`,
    `title     ${request.title}`,
    `started   ${state.startedAt}`,
    `ended     ${state.endedAt ?? 'not yet'}: ${describeEnd(state)}${end?.kind === 'fault' ? `: ${end.message}` : ''}`,
    ...(state.verdict ? [`verdict   ${state.verdict.reason}`] : []),
    ...state.notes.map((note) => `note      ${note}`),
    ...state.arms.map(
      (arm) =>
        `arm       ${arm.name}: ${arm.status}${arm.kernel ? `, kernel ${arm.kernel.digest.slice(0, 12)}` : ''}`,
    ),
    ...(findUncompiled(state)?.notCompiled ?? []).map((file) => `untried   ${file}: not compiled`),
    ...state.trials.map((trial) => `trial     ${nameTrial(trial)}: ${describeTrial(trial)}`),
    `files     ${runDirectory}`,
    `repeat    ${request.repeat}`,
    ...(end?.kind === 'finished' || end?.kind === 'rejected'
      ? []
      : [`continue  ${quoteArgs(['ktrial', 'resume', runDirectory])}`]),
  ];
  return `${lines.map(oneLineAfterLabel).join('\n')}\n`;
}

function describeTrial({ status, result }: TrialState): string {
  if (status === 'planned' || !result) return 'not run yet';
  return status === 'running' ? 'started, did not finish' : `${describeOutcome(result)}: ${result.reason}`;
}

/** What is known of one trial. */
export function showTrial(trial: TrialState, runDirectory: string): string {
  const { result } = trial;
  if (!result) return `${trial.id}: not run yet\n`;
  const lines = [
    `trial     ${nameTrial(trial)}`,
    `outcome   ${describeTrial(trial)}`,
    `took      ${formatDuration(result.durationMs)}${result.bootMs === null ? '' : `, machine up after ${formatDuration(result.bootMs)}`}`,
    ...(result.accelerator ? [`machine   ${describeMachine(result)}`] : []),
    ...result.notes.map((note) => `note      ${note}`),
    ...(result.subtests ? [`tests     ${countSubtests(result.subtests)}`] : []),
    ...result.findings.map((one) => `finding   ${one.title}`),
    ...result.steps.flatMap((step) => [
      `step      ${step.phase} "${step.label}" ${step.outcome} in ${formatDuration(step.durationMs)}`,
      ...measuredLines(step),
    ]),
    ...Object.values(result.files).map((file) => `file      ${runDirectory}/${trial.id}/${file.name}`),
    ...(result.confinement ? [`held by   ${result.confinement}`] : []),
    ...(result.machineCommand ? [`command   ${result.machineCommand}`] : []),
  ];
  return `${[...lines.map(oneLineAfterLabel), ...result.steps.flatMap(raceLines)].join('\n')}\n`;
}

/** The numbers of a race, and where it hit. */
/** What a step counted, and how it says that in words. A race has its own drawing. */
function measuredLines({ numbers = {}, points = [], details }: StepRecord): string[] {
  const counts = Object.entries(numbers).map(([name, value]) => `${name} ${value}`);
  if (counts.length === 0 || points.length > 0) return [];
  return [`measured  ${counts.join(', ')}`, ...details.map((line) => `          ${line}`)];
}

function raceLines({ label, points = [], details }: StepRecord): string[] {
  if (points.length === 0) return [];
  return [
    '',
    oneLine(label),
    ...details.map((line) => `  ${oneLine(line)}`),
    ...drawHeat(points, REPORT_COLUMNS),
  ];
}

function describeMachine({ accelerator, bootMethod }: TrialResult): string {
  const how = bootMethod?.kind === 'clone' ? 'clone' : 'cold boot';
  const why = bootMethod?.fallbackReason ? ` instead of a clone (${bootMethod.fallbackReason})` : '';
  return `${how}${why} under ${accelerator?.kind} (${accelerator?.reason})`;
}

/** The label keeps its column; the text behind it is on one line and printable. */
function oneLineAfterLabel(line: string): string {
  return `${line.slice(0, 10)}${oneLine(line.slice(10))}`;
}
