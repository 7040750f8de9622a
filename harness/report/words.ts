// SPDX-License-Identifier: MIT
import {
  type Blame,
  type Comparison,
  comparisonWords,
  isConclusive,
  type Outcome,
  type ScenarioVerdict,
  type SignatureVerdict,
  type TrialResult,
} from '../model/index.ts';

export { isGood } from '../model/index.ts';

/** Comparisons in the words of reports; with one arm nothing was compared, and the words do not say so. */
export function wordsFor(trials: readonly TrialResult[]): Readonly<Record<Comparison, string>> {
  return comparisonWords(new Set(trials.map((trial) => trial.arm)).size);
}

/** How often a signature was seen, as `base 2/3, patched 0/3`. */
export function countSeen(one: SignatureVerdict): string {
  const patched = one.patched === null ? '' : `, patched ${one.patched.seen}/${one.patched.trials}`;
  return `base ${one.base.seen}/${one.base.trials}${patched}`;
}

/** `passed`, `failed (kernel)`, `not run`: how a trial ended and who is to blame. */
export function describeOutcome(trial: { readonly outcome: Outcome; readonly blame: Blame | null }): string {
  const word = trial.outcome === 'notRun' ? 'not run' : trial.outcome;
  return trial.blame === null ? word : `${word} (${trial.blame})`;
}

/** Trials of a scenario that say nothing about their kernel: lab faults, scenario mistakes, trials that never ran. */
export function undecidedTrials(scenario: ScenarioVerdict, trials: readonly TrialResult[]): TrialResult[] {
  return trials.filter((trial) => trial.scenario === scenario.scenario && !isConclusive(trial));
}

/** A duration for people: `850 ms`, `12.3 s`, `4 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Text without control characters: a kernel log may hold any, and a terminal would obey them. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

/** Text on one line, printable. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim());
}

/** Columns that a printed report keeps to, where its words can be cut or folded without loss of meaning. */
export const REPORT_COLUMNS = 100;

/** Words on lines of the report's width, all but the first with more indentation; a word longer than that is left whole. */
export function foldWords(text: string, indent = ''): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ').filter((one) => one !== '')) {
    const bare = line.trim() === '';
    if (!bare && line.length + 1 + word.length > REPORT_COLUMNS) {
      lines.push(line);
      line = `${indent}    ${word}`;
    } else line += bare ? word : ` ${word}`;
  }
  return [...lines, line];
}
