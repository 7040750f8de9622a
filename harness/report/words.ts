// SPDX-License-Identifier: MIT
import type { Blame, Diagnostic, Outcome } from '../model/index.ts';

export { isGood } from '../model/index.ts';

/** Says how a trial ended and who is to blame: `passed`, `failed (kernel)`, `not run`. */
export function describeOutcome(trial: { readonly outcome: Outcome; readonly blame: Blame | null }): string {
  const outcome = trial.outcome === 'notRun' ? 'not run' : trial.outcome;
  return trial.blame === null ? outcome : `${outcome} (${trial.blame})`;
}

/** A trial's id, and whether the kernel was delayed in it, where its scenario does that: `race.base.1 (widened)`. */
export function nameTrial({ id, widened }: { readonly id: string; readonly widened?: boolean }): string {
  return widened === undefined ? id : `${id} (${widened ? 'widened' : 'not widened'})`;
}

/** Formats a compiler diagnostic: `file:12: unused variable [-Wunused-variable]`. */
export function describeDiagnostic(one: Diagnostic): string {
  // An error of the build as a whole is a sentence.
  if (one.file === '(build)') return one.message;
  const place = `${one.file}${one.line === null ? '' : `:${one.line}`}`;
  return `${place}: ${one.message}${one.option === null ? '' : ` [${one.option}]`}`;
}

/** Formats a duration: `850 ms`, `12.3 s`, `4 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
