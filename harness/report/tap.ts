// SPDX-License-Identifier: MIT
import type {
  CampaignVerdict,
  CloneSummary,
  Frame,
  ScenarioVerdict,
  SignatureVerdict,
  SplatBody,
  TrialResult,
} from '../model/index.ts';
import { cloneLines } from './clones.ts';
import { formatExcerpt } from './source.ts';
import { callPath, findSplat, formatFrame } from './splat.ts';
import { describeOutcome, isGood, oneLine, undecidedTrials, wordsFor } from './words.ts';

export interface TapContext {
  readonly runDirectory: string;
  /** The command line that repeats the run. */
  readonly repeat: string;
  /** The per-patch run, drawn without colour; empty when there is none. */
  readonly grid?: string;
  /** How clones and booted machines compare; null or absent when there were no trials. */
  readonly clones?: CloneSummary | null;
}

/** Frames of a trace that a test point shows; the record has them all. */
const FRAMES_SHOWN = 12;

/**
 * The verdict as TAP 14 (testanything.org/tap-version-14-specification): one test point a scenario, its evidence in
 * the YAML block below. A campaign without scenarios is one failed point, since an empty plan would read as passed.
 */
export function tapReport(
  verdict: CampaignVerdict,
  trials: readonly TrialResult[],
  context: TapContext,
): string {
  const words = wordsFor(trials);
  const { perPatch } = verdict;
  const points = Math.max(1, verdict.scenarios.length) + (perPatch ? 1 : 0);
  const lines = ['TAP version 14', `1..${points}`];
  if (verdict.scenarios.length === 0) lines.push('not ok 1 - no scenario was judged: inconclusive');
  verdict.scenarios.forEach((scenario, index) => {
    const name = escapeName(`${scenario.scenario}: ${words[scenario.comparison]}`);
    lines.push(`${isGood(scenario.comparison) ? 'ok' : 'not ok'} ${index + 1} - ${name}`);
    const own = trials.filter((trial) => trial.scenario === scenario.scenario);
    lines.push(...describe(scenario, own, context).map((line) => `  ${line}`));
  });
  if (perPatch) {
    const flaws = perPatch.notBisectableAt.map((one) => `${one}/${perPatch.arms.length - 1}`).join(', ');
    lines.push(
      flaws === ''
        ? `ok ${points} - the series is bisectable`
        : `not ok ${points} - the series is bisectable: not at ${flaws}`,
    );
  }
  for (const line of (context.grid ?? '').split('\n').filter((text) => text.trim() !== ''))
    lines.push(`# ${line}`);
  lines.push(
    `# verdict: ${words[verdict.comparison]}: ${oneLine(verdict.reason)}`,
    ...cloneLines(context.clones ?? null).map((line) => `# ${oneLine(line)}`),
    `# run: ${oneLine(context.runDirectory)}`,
    `# repeat: ${oneLine(context.repeat)}`,
  );
  return `${lines.join('\n')}\n`;
}

function describe(scenario: ScenarioVerdict, own: readonly TrialResult[], context: TapContext): string[] {
  const lines = ['---', `comparison: ${scenario.comparison}`, `reason: ${quote(scenario.reason)}`];
  const undecided = undecidedTrials(scenario, own);
  if (scenario.comparison === 'inconclusive')
    lines.push(`undecided: ${quote(`this says nothing about the series: ${explainUndecided(undecided)}`)}`);
  if (scenario.signatures.length > 0) lines.push('signatures:');
  for (const one of scenario.signatures)
    lines.push(...describeSignature(one, own).map((line) => `  ${line}`));
  if (own.length > 0) lines.push('trials:');
  for (const trial of own)
    lines.push(
      `  - id: ${quote(trial.id)}`,
      `    arm: ${quote(trial.arm)}`,
      `    outcome: ${quote(describeOutcome(trial))}`,
      `    reason: ${quote(trial.reason)}`,
      `    accelerator: ${quote(trial.accelerator ? `${trial.accelerator.kind} (${trial.accelerator.reason})` : 'none')}`,
      `    directory: ${quote(`${context.runDirectory}/${trial.id}`)}`,
    );
  lines.push('...');
  return lines;
}

function describeSignature(one: SignatureVerdict, own: readonly TrialResult[]): string[] {
  const lines = [
    `- title: ${quote(one.title)}`,
    `  kind: ${one.kind}`,
    `  comparison: ${one.comparison}`,
    `  signature: ${quote(one.signature)}`,
    `  base: { seen: ${one.base.seen}, trials: ${one.base.trials} }`,
    ...(one.patched ? [`  patched: { seen: ${one.patched.seen}, trials: ${one.patched.trials} }`] : []),
    `  seenIn: [${one.trials.map(quote).join(', ')}]`,
  ];
  const splat = findSplat(one, own);
  if (!splat) return lines;
  if (splat.corrupted) lines.push(`  corrupted: ${quote(splat.corruptedReason ?? 'torn')}`);
  const path = trustedPath(splat);
  if (path.length > 0) lines.push('  trace:');
  for (const frame of path.slice(0, FRAMES_SHOWN)) lines.push(`    - ${quote(formatFrame(frame))}`);
  if (path.length > FRAMES_SHOWN) lines.push(`    - ${quote(`${path.length - FRAMES_SHOWN} more`)}`);
  if (splat.source) {
    lines.push(`  source:`, `    place: ${quote(`${splat.source.file}:${splat.source.line}`)}`, '    lines:');
    for (const line of formatExcerpt(splat.source, '', false)) lines.push(`      - ${quote(line)}`);
  }
  return lines;
}

/** A short trace has no room for what the unwinder only guessed; where it guessed all, that is what there is. */
function trustedPath(splat: SplatBody): readonly Frame[] {
  const path = callPath(splat);
  const trusted = path.filter((frame) => frame.reliable);
  return trusted.length > 1 ? trusted : path;
}

function explainUndecided(undecided: readonly TrialResult[]): string {
  const first = undecided[0];
  if (!first) return 'no trial was run';
  const more = undecided.length > 1 ? ` (and ${undecided.length - 1} more)` : '';
  return `${first.id} ${describeOutcome(first)}: ${first.reason}${more}`;
}

/** A hash would open a directive, and a backslash escapes. */
function escapeName(name: string): string {
  return oneLine(name).replaceAll('\\', '\\\\').replaceAll('#', '\\#');
}

/** A double-quoted YAML scalar: JSON, with the characters escaped that YAML does not let through. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
