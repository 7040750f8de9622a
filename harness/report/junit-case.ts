// SPDX-License-Identifier: MIT
import {
  type CampaignState,
  type ChangedCode,
  comparisonWords,
  describeNumbers,
  describeUntried,
  isUntried,
  type ScenarioVerdict,
  type SubtestChange,
  type TrialResult,
} from '../model/index.ts';
import { COMPILED_NAME } from './changed-code.ts';
import { describeTest } from './compared-tests.ts';
import { findEvidence, type PrintedOnce } from './evidence.ts';
import type { ReportOptions } from './options.ts';
import { inconclusiveTrials, trialsOf } from './select.ts';
import { printSplat } from './splat.ts';
import type { Standing } from './standing.ts';
import { oneLine, REPORT_COLUMNS } from './text.ts';
import { warningLines } from './warnings.ts';
import { describeOutcome, isGood, nameTrial } from './words.ts';

/** One test case. Its name never depends on its result: CI compares runs by name. */
export interface Case {
  readonly className: string;
  readonly name: string;
  readonly seconds: number;
  /** Null if it passed. An `error` says nothing about the series. */
  readonly problem: {
    readonly kind: 'failure' | 'error' | 'skipped';
    readonly type: string;
    readonly message: string;
    readonly text: string;
  } | null;
  readonly output: string;
}

/** Passes if the campaign came to a verdict, whatever that is; an inconclusive one is an error. */
export function campaignCase(state: CampaignState, standing: Standing | null, options: ReportOptions): Case {
  const lines = [
    ...state.notes.map((note) => `note: ${note}`),
    ...warningLines(state).map((warning) => `new warning: ${warning}`),
    ...(state.verdict ? [`verdict: ${state.verdict.reason}`] : []),
    `run: ${options.runDirectory}`,
    `repeat: ${state.request.repeat}`,
  ];
  return {
    className: 'ktrial',
    name: 'the campaign comes to a verdict',
    seconds: 0,
    problem: standing ? standingProblem(standing) : undecidedProblem(state),
    output: lines.map(oneLine).join('\n'),
  };
}

function standingProblem({ cause, message, details, next }: Standing): Case['problem'] {
  return { kind: 'error', type: cause, message, text: [message, ...details, next].join('\n') };
}

function undecidedProblem({ verdict }: CampaignState): Case['problem'] {
  if (verdict?.exitCode !== 69) return null;
  return { kind: 'error', type: verdict.comparison, message: verdict.reason, text: verdict.reason };
}

/** Passes if each prefix of the series builds, boots and has no fault that neither end has. */
export function bisectableCase(state: CampaignState, standing: Standing | null): Case {
  const perPatch = state.verdict?.perPatch;
  const places =
    perPatch?.notBisectableAt.map((one) => `${one}/${perPatch.arms.length - 1}`).join(', ') ?? '';
  const message = perPatch ? `not bisectable at ${places}` : (standing?.message ?? 'not judged');
  return {
    className: 'ktrial',
    name: 'the series is bisectable',
    seconds: 0,
    problem:
      perPatch && places === ''
        ? null
        : { kind: perPatch ? 'failure' : 'skipped', type: 'notBisectable', message, text: message },
    output: '',
  };
}

/** Skipped where a part of the changed code was not compiled, an error where nothing of it was. */
export function compiledCase(code: ChangedCode): Case {
  const message = describeUntried(code) ?? '';
  const text = [message, ...code.notCompiled].join('\n');
  return {
    className: 'ktrial',
    name: COMPILED_NAME,
    seconds: 0,
    problem: { kind: isUntried(code) ? 'error' : 'skipped', type: 'notCompiled', message, text },
    output: code.notCompiled.map((file) => oneLine(`not compiled: ${file}`)).join('\n'),
  };
}

/** Turns each test of the suites that a scenario ran into a test case of its own, named by the test alone. */
export function subtestCases(scenario: ScenarioVerdict, state: CampaignState): readonly Case[] {
  const className = `${classOf(state)}.${oneLine(scenario.scenario).replaceAll('.', '_')}`;
  return (scenario.subtests?.tests ?? []).map((test) => {
    const kind = PROBLEMS[test.change];
    const message = describeTest(test);
    const problem = kind === null ? null : { kind, type: test.change, message, text: message };
    return { className, name: test.name, seconds: 0, problem, output: '' };
  });
}

/** What a test that fails on both kernels says about the series is nothing; the same holds for one that is skipped. */
const PROBLEMS: Readonly<Record<SubtestChange, 'failure' | 'error' | 'skipped' | null>> = {
  newlyFailing: 'failure',
  failing: 'failure',
  vanished: 'error',
  failingOnBoth: 'skipped',
  skipped: 'skipped',
  newlyPassing: null,
  new: null,
  passing: null,
};

function classOf(state: CampaignState): string {
  return `ktrial.${oneLine(state.request.kernel.name).replaceAll('.', '_')}`;
}

/** Turns the verdict on a scenario into a test case. */
export function scenarioCase(
  scenario: ScenarioVerdict,
  state: CampaignState,
  standing: Standing | null,
  printed: PrintedOnce,
  options: ReportOptions,
): Case {
  const trials = trialsOf(scenario.scenario, state);
  return {
    className: classOf(state),
    name: scenario.scenario,
    seconds: trials.reduce((sum, trial) => sum + trial.durationMs, 0) / 1000,
    problem: findProblem(scenario, state, standing, printed, options),
    output: trials.flatMap((trial) => trialLines(trial, options)).join('\n'),
  };
}

function findProblem(
  scenario: ScenarioVerdict,
  state: CampaignState,
  standing: Standing | null,
  printed: PrintedOnce,
  options: ReportOptions,
): Case['problem'] {
  if (!state.verdict)
    return { kind: 'skipped', type: '', message: standing?.message ?? 'not judged', text: '' };
  if (scenario.comparison === 'skipped')
    return { kind: 'skipped', type: '', message: scenario.reason, text: '' };
  if (isGood(scenario.comparison)) return null;
  const message = `${comparisonWords(state.plan.arms.length)[scenario.comparison]}: ${scenario.reason}`;
  const text = [message, ...evidenceText(scenario, state, printed, options)].join('\n');
  if (scenario.comparison !== 'inconclusive' && scenario.comparison !== 'notReproduced')
    return { kind: 'failure', type: scenario.comparison, message, text };
  const blamed = inconclusiveTrials(scenario.scenario, state).find((trial) => trial.blame !== null);
  if (blamed) return { kind: 'error', type: blamed.blame ?? '', message, text };
  const isUndecided = scenario.signatures.some((one) => one.comparison === 'inconclusive');
  return isUndecided
    ? { kind: 'error', type: 'undecided', message, text }
    : { kind: 'skipped', type: '', message, text };
}

function evidenceText(
  scenario: ScenarioVerdict,
  state: CampaignState,
  printed: PrintedOnce,
  options: ReportOptions,
): string[] {
  const words = comparisonWords(state.plan.arms.length);
  return scenario.signatures.flatMap((one) => {
    const head = `${words[one.comparison]}: ${one.title}: ${describeNumbers(one, { intervals: true })}`;
    const evidence =
      one.comparison === scenario.comparison && findEvidence(one, trialsOf(scenario.scenario, state));
    if (!evidence) return ['', head];
    const before = printed.claim(one.signature, scenario.scenario);
    if (before !== null) return ['', head, `see ${before} above`];
    const print = { color: false, columns: REPORT_COLUMNS, verbose: options.verbose };
    return ['', head, ...printSplat(evidence.splat, print)];
  });
}

/** Says how a trial ended and what it noted; attaches the console of a failed one. */
function trialLines(trial: TrialResult, options: ReportOptions): string[] {
  const directory = `${options.runDirectory}/${trial.id}`;
  const { console: log } = trial.files;
  return [
    oneLine(`${nameTrial(trial)}: ${describeOutcome(trial)}: ${trial.reason}`),
    ...trial.notes.map((note) => oneLine(`note: ${note}`)),
    ...(trial.outcome === 'failed' && log ? [oneLine(`[[ATTACHMENT|${directory}/${log.name}]]`)] : []),
  ];
}
