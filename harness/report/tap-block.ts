// SPDX-License-Identifier: MIT
import {
  type ArmCount,
  type ArmPower,
  type CampaignState,
  type ChangedCode,
  isConclusive,
  type PerPatchGrid,
  type ScenarioVerdict,
  type SignatureVerdict,
  type SourceExcerpt,
  type SplatBody,
  type TrialResult,
} from '../model/index.ts';
import { changedTests } from './compared-tests.ts';
import { findEvidence } from './evidence.ts';
import { callPath, formatFrame, shownFrames } from './frame.ts';
import type { ReportOptions } from './options.ts';
import { trialsOf } from './select.ts';
import { excerptPlaces, formatExcerpt } from './source.ts';
import { REPORT_COLUMNS } from './text.ts';
import { describeOutcome, nameTrial } from './words.ts';

/** Frames of a trace that a block has at most, unless everything is asked for; the record has them all. */
const FRAMES_SHOWN = 12;

/** Returns where a signature's trace was printed before; null the first time. */
export type Claim = (signature: string) => string | null;

/** Builds the YAML block of a scenario's test point: verdict, signatures with traces, and trials with directories. */
export function scenarioBlock(
  scenario: ScenarioVerdict,
  state: CampaignState,
  options: ReportOptions,
  claim: Claim,
): string[] {
  const trials = trialsOf(scenario.scenario, state);
  const lines = ['---', `comparison: ${scenario.comparison}`, `reason: ${quote(scenario.reason)}`];
  if (scenario.power) lines.push(...powerItem(scenario.power));
  if (scenario.comparison === 'inconclusive')
    lines.push(
      `inconclusive: ${quote(`this says nothing about the series: ${explainInconclusive(scenario, trials)}`)}`,
    );
  lines.push(...testsItem(scenario));
  // A test of a suite stands above, with what became of it.
  const signatures = scenario.signatures.filter(({ kind }) => kind !== 'subtest');
  if (signatures.length > 0) lines.push('signatures:');
  for (const one of signatures)
    lines.push(...signatureItem(one, trials, options, claim).map((line) => `  ${line}`));
  if (trials.length > 0) lines.push('trials:');
  for (const trial of trials) lines.push(...trialItem(trial, options).map((line) => `  ${line}`));
  return [...lines, '...'];
}

/** Tests of suites that a block names. */
const TESTS_SHOWN = 200;

function testsItem(scenario: ScenarioVerdict): string[] {
  if (!scenario.subtests) return [];
  const { shown, more } = changedTests(scenario, TESTS_SHOWN);
  const counts = Object.entries(scenario.subtests.counts).map(([change, count]) => `${change}: ${count}`);
  return [
    `testCounts: { ${counts.join(', ')} }`,
    ...(shown.length > 0 ? ['tests:'] : []),
    ...shown.flatMap(({ name, change, base, patched, reason }) => [
      `  - name: ${quote(name)}`,
      `    change: ${change}`,
      `    base: ${base ?? 'null'}`,
      `    patched: ${patched ?? 'null'}`,
      ...(reason === null ? [] : [`    reason: ${quote(reason)}`]),
    ]),
    ...(more > 0 ? [`moreTests: ${more}`] : []),
  ];
}

/** Builds the YAML block of the test point for bisectability. */
export function bisectableBlock({ notBisectableAt, arms }: PerPatchGrid): string[] {
  return ['---', `patches: ${arms.length - 1}`, `notBisectableAt: [${notBisectableAt.join(', ')}]`, '...'];
}

/** Builds the YAML block of the test point for changed code that no compiler read. */
export function uncompiledBlock({ compiled, notCompiled }: ChangedCode): string[] {
  return [
    '---',
    `compiled: ${compiled.length}`,
    'notCompiled:',
    ...notCompiled.map((file) => `  - ${quote(file)}`),
    '...',
  ];
}

function signatureItem(
  one: SignatureVerdict,
  trials: readonly TrialResult[],
  options: ReportOptions,
  claim: Claim,
): string[] {
  const lines = [
    `- title: ${quote(one.title)}`,
    `  kind: ${one.kind}`,
    `  comparison: ${one.comparison}`,
    `  signature: ${quote(one.signature)}`,
    `  base: ${countItem(one.base)}`,
    ...(one.patched ? [`  patched: ${countItem(one.patched)}`] : []),
    ...testItem(one),
    ...(one.widened ? ['  widened: true'] : []),
    `  seenIn: [${one.trials.map(quote).join(', ')}]`,
  ];
  const evidence = findEvidence(one, trials);
  if (!evidence) return lines;
  const before = claim(one.signature);
  if (before !== null) return [...lines, `  trace: ${quote(`see ${before} above`)}`];
  return [...lines, ...traceLines(evidence.splat, options).map((line) => `  ${line}`)];
}

function countItem({ seen, trials, boots, interval }: ArmCount): string {
  const rest = [
    ...(boots === undefined ? [] : [`boots: ${boots}`]),
    ...(interval ? [`rate: [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`] : []),
  ];
  return `{ ${[`seen: ${seen}`, `trials: ${trials}`, ...rest].join(', ')} }`;
}

function testItem({ test }: SignatureVerdict): string[] {
  if (!test) return [];
  const { method, p, level, more } = test;
  return [`  test: { method: ${method}, p: ${Number(p.toPrecision(3))}, level: ${level}, more: ${more} }`];
}

function traceLines(splat: SplatBody, options: ReportOptions): string[] {
  const frames = shownFrames(callPath(splat), options.verbose);
  const shown = options.verbose ? frames : frames.slice(0, FRAMES_SHOWN);
  const rest = frames.length - shown.length;
  return [
    ...(splat.corrupted ? [`corrupted: ${quote(splat.corruptedReason ?? 'truncated')}`] : []),
    ...(shown.length > 0 ? ['trace:'] : []),
    ...shown.map((frame) => `  - ${quote(formatFrame(frame))}`),
    ...(rest > 0 ? [`  - ${quote(`${rest} more`)}`] : []),
    ...excerptItem('source', splat.source),
    ...excerptItem('touched', splat.touched),
  ];
}

function excerptItem(key: string, excerpt: SourceExcerpt | undefined): string[] {
  if (!excerpt) return [];
  const line = excerptPlaces(excerpt)[0]?.line ?? excerpt.line;
  return [
    `${key}:`,
    `  place: ${quote(`${excerpt.file}:${line}`)}`,
    '  lines:',
    ...formatExcerpt(excerpt, '', { color: false, columns: REPORT_COLUMNS }).map(
      (one) => `    - ${quote(one)}`,
    ),
  ];
}

function trialItem(trial: TrialResult, options: ReportOptions): string[] {
  const { accelerator } = trial;
  return [
    `- id: ${quote(trial.id)}`,
    `  arm: ${quote(trial.arm)}`,
    ...(trial.widened === undefined ? [] : [`  widened: ${trial.widened}`]),
    `  outcome: ${quote(describeOutcome(trial))}`,
    `  reason: ${quote(trial.reason)}`,
    ...(trial.notes.length > 0 ? ['  notes:', ...trial.notes.map((note) => `    - ${quote(note)}`)] : []),
    `  accelerator: ${quote(accelerator ? `${accelerator.kind} (${accelerator.reason})` : 'none')}`,
    `  directory: ${quote(`${options.runDirectory}/${trial.id}`)}`,
  ];
}

function powerItem({ base, patched }: NonNullable<ScenarioVerdict['power']>): string[] {
  const arm = (name: string, { trials, boots, detects }: ArmPower) =>
    `  ${name}: { trials: ${trials}, boots: ${boots}, detects: ${detects.toFixed(3)} }`;
  return ['power:', arm('base', base), ...(patched ? [arm('patched', patched)] : [])];
}

function explainInconclusive(scenario: ScenarioVerdict, trials: readonly TrialResult[]): string {
  const [first, ...others] = trials.filter((trial) => !isConclusive(trial));
  if (!first) return scenario.reason;
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  return `${nameTrial(first)} ${describeOutcome(first)}: ${first.reason}${more}`;
}

/** Quotes a YAML scalar: JSON, with every character escaped that YAML forbids or a terminal would obey. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
