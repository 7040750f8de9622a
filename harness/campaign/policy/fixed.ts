// SPDX-License-Identifier: MIT
import type { CampaignState } from '../../model/index.ts';
import type { Action } from './policy.ts';
import { nextActions } from './stages.ts';

/** Runs every planned trial, in the plan's order, whatever they show. */
export function fixedPolicy(state: CampaignState): readonly Action[] {
  return nextActions(
    state,
    state.trials.filter((trial) => trial.status !== 'done'),
  );
}
