// SPDX-License-Identifier: MIT
import type { CampaignState, TrialState } from '../../model/index.ts';
import type { Action } from './policy.ts';

/**
 * What comes next when these trials are to be run, in this order. What may reject the series soonest comes first: apply, then all
 * kernels one after another, then the image, then trials. A prefix that does not compile costs its own trials; the whole
 * series not compiling ends the campaign. So does having no trial to run.
 */
export function nextActions(state: CampaignState, open: readonly TrialState[]): readonly Action[] {
  if (state.end) return [];
  if (state.rejection) return [{ type: 'stop', reason: 'rejected' }];
  if (state.applied === null) return [{ type: 'apply' }];
  const building = state.arms.find((arm) => arm.status !== 'built' && arm.status !== 'failed');
  if (building) return [{ type: 'buildArm', arm: building.name }];
  if (open.length === 0) return [{ type: 'stop', reason: 'finished' }];
  const missing = prepare(
    state,
    open.filter((trial) => unmetNeed(trial, state) === null),
  );
  if (missing.length > 0) return missing;
  return open.map((trial) => actionFor(trial, state));
}

/** What a trial's scenario needs and its kernel has not. */
function unmetNeed({ arm, scenario }: TrialState, { arms }: CampaignState): string | null {
  const unmet = arms.find((one) => one.name === arm)?.build?.unmet ?? {};
  return Object.hasOwn(unmet, scenario) ? (unmet[scenario] ?? null) : null;
}

/** What trials need beside their kernels, one thing after another. */
function prepare(state: CampaignState, open: readonly TrialState[]): readonly Action[] {
  if (open.length === 0) return [];
  const wanted = new Set(open.map((trial) => trial.scenario));
  const scenarios = state.plan.scenarios.filter((one) => wanted.has(one.name));
  const l2 = scenarios.flatMap((one) => Object.values(one.l2).map((kernel) => kernel.kernel));
  const name = state.plan.l2Kernels.find((one) => l2.includes(one) && !Object.hasOwn(state.l2, one));
  if (name !== undefined) return [{ type: 'buildL2', name }];
  const boots = scenarios.some((one) => !one.static);
  return state.image === null && boots ? [{ type: 'makeImage' }] : [];
}

function actionFor(trial: TrialState, state: CampaignState): Action {
  const arm = state.arms.find((one) => one.name === trial.arm);
  const skip = (outcome: 'skipped' | 'notRun', reason: string): Action => ({
    type: 'skipTrial',
    trial: trial.id,
    outcome,
    reason,
  });
  if (!arm?.kernel) return skip('notRun', `the kernel of ${trial.arm} does not compile`);
  const unmet = unmetNeed(trial, state);
  return unmet === null ? { type: 'runTrial', trial: trial.id } : skip('skipped', unmet);
}
