// SPDX-License-Identifier: MIT
import type { TrialResult } from '../model/index.ts';

/** Whether a trial says something about its kernel: lab faults and scenario mistakes do not. */
export function isConclusive(trial: TrialResult): boolean {
  return trial.outcome === 'passed' || (trial.outcome === 'failed' && trial.blame === 'kernel');
}
