// SPDX-License-Identifier: MIT
import type {
  CampaignVerdict,
  ScenarioVerdict,
  SignatureVerdict,
  Splat,
  TrialResult,
} from '../model/index.ts';
import { formatFrame } from './splat.ts';
import { COMPARISON_WORDS, countSeen } from './words.ts';

export interface TapContext {
  readonly runDirectory: string;
  /** The command line that repeats the run. */
  readonly repeat: string;
}

const FRAMES_SHOWN = 12;

/** The verdict as TAP 14: one test point a scenario, the evidence in its YAML block. */
export function tapReport(
  verdict: CampaignVerdict,
  trials: readonly TrialResult[],
  context: TapContext,
): string {
  const lines = ['TAP version 14', `1..${verdict.scenarios.length}`];
  verdict.scenarios.forEach((scenario, index) => {
    const ok = scenario.comparison === 'fixed' || scenario.comparison === 'clean';
    lines.push(
      `${ok ? 'ok' : 'not ok'} ${index + 1} - ${scenario.scenario.replaceAll('#', '\\#')}: ${COMPARISON_WORDS[scenario.comparison]}`,
    );
    lines.push(...describe(scenario, trials).map((line) => `  ${line}`));
  });
  lines.push(
    `# verdict: ${COMPARISON_WORDS[verdict.comparison]}: ${oneLine(verdict.reason)}`,
    `# run: ${context.runDirectory}`,
    `# repeat: ${oneLine(context.repeat)}`,
  );
  return `${lines.join('\n')}\n`;
}

function describe(scenario: ScenarioVerdict, trials: readonly TrialResult[]): string[] {
  const lines = ['---', `comparison: ${scenario.comparison}`, `reason: ${quote(scenario.reason)}`];
  if (scenario.signatures.length > 0) lines.push('signatures:');
  for (const one of scenario.signatures) {
    lines.push(
      `  - title: ${quote(one.title)}`,
      `    kind: ${one.kind}`,
      `    comparison: ${one.comparison}`,
      `    seen: ${quote(countSeen(one))}`,
      `    signature: ${quote(one.signature)}`,
      `    trials: [${one.trials.map(quote).join(', ')}]`,
    );
    const splat = findSplat(one, trials);
    if (splat)
      lines.push(
        '    trace:',
        ...splat.frames.slice(0, FRAMES_SHOWN).map((frame) => `      - ${quote(formatFrame(frame))}`),
      );
  }
  const own = trials.filter((trial) => trial.scenario === scenario.scenario);
  lines.push(
    'trials:',
    ...own.map(
      (trial) =>
        `  ${quote(trial.id)}: ${quote(`${trial.outcome}${trial.blame === null ? '' : ` (${trial.blame})`}: ${trial.reason}`)}`,
    ),
    '...',
  );
  return lines;
}

/** The splat that a signature stands for: the last trial's, which is the patched kernel's where it has it. */
export function findSplat(one: SignatureVerdict, trials: readonly TrialResult[]): Splat | null {
  for (const id of [...one.trials].reverse()) {
    const trial = trials.find((candidate) => candidate.id === id);
    const splat = trial?.splats.find((candidate) => candidate.signature === one.signature);
    if (splat && splat.frames.length > 0) return splat;
  }
  return null;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** A double-quoted YAML scalar is a JSON string. */
function quote(text: string): string {
  return JSON.stringify(text);
}
