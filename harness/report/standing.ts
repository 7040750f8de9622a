// SPDX-License-Identifier: MIT
import { type CampaignState, quoteArg, type TrialState } from '../model/index.ts';
import { describeRejection, type Explanation } from './rejection.ts';
import { describeOutcome } from './words.ts';

/** Why a campaign has no verdict, or a verdict over only a part of its trials. */
export interface Standing extends Explanation {
  /** Who or what stopped it, for programs: `series`, `interrupt`, `unfinished`, or the blame of a fault. */
  readonly cause: string;
}

/** Explains why a campaign has no complete verdict; null if it has one. */
export function describeStanding(state: CampaignState, runDirectory: string): Standing | null {
  const { rejection, end, verdict } = state;
  if (rejection) {
    const explanation = describeRejection(rejection);
    return { ...explanation, cause: 'series', message: `rejected: ${explanation.message}` };
  }
  const stopped = (cause: string, message: string): Standing => ({
    cause,
    message,
    details: verdict ? [] : listWork(state),
    next: `go on with it: ktrial resume ${quoteArg(runDirectory)}`,
  });
  if (end?.kind === 'fault')
    return stopped(end.blame, `stopped by a fault (${end.blame}, ${end.code}): ${end.message}`);
  if (end?.kind === 'interrupted') return stopped('interrupt', `interrupted: ${countDone(state)}`);
  return verdict ? null : stopped('unfinished', `not finished: ${countDone(state)}`);
}

function countDone({ trials }: CampaignState): string {
  const running = trials.filter((trial) => trial.status === 'running').length;
  const done = trials.filter((trial) => trial.status === 'done').length;
  return `${done} of ${trials.length} trials done${running > 0 ? `, ${running} running` : ''}`;
}

/** Lists what has been done: a line for each kernel, and one for each trial that was started. */
function listWork(state: CampaignState): string[] {
  return [
    ...state.arms.map((arm) => `kernel ${arm.name}: ${arm.status === 'planned' ? 'not built' : arm.status}`),
    ...state.trials.filter((trial) => trial.status !== 'planned').map(describeTrial),
  ];
}

function describeTrial({ id, status, result }: TrialState): string {
  if (status === 'running' || !result) return `trial ${id}: running`;
  return `trial ${id}: ${describeOutcome(result)}${result.outcome === 'passed' ? '' : `: ${result.reason}`}`;
}
