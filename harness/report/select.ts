// SPDX-License-Identifier: MIT
import { type CampaignState, isConclusive, type ScenarioVerdict, type TrialResult } from '../model/index.ts';

/** Returns the results of trials that have ended, except controls: those only check clones and count in no verdict. */
export function endedTrials(state: CampaignState): TrialResult[] {
  return state.trials.flatMap(({ status, control, result }) =>
    status === 'done' && !control && result ? [result] : [],
  );
}

/** Returns the same for one scenario. */
export function trialsOf(scenario: string, state: CampaignState): TrialResult[] {
  return endedTrials(state).filter((trial) => trial.scenario === scenario);
}

/** Returns a scenario's trials that say nothing about their kernel: lab faults, scenario mistakes, trials not run. */
export function inconclusiveTrials(scenario: string, state: CampaignState): TrialResult[] {
  return trialsOf(scenario, state).filter((trial) => !isConclusive(trial));
}

/**
 * Returns a verdict for every scenario of the plan, in its order. A scenario that the campaign's verdict leaves out is
 * inconclusive: nothing passes by omission.
 */
export function judgedScenarios(state: CampaignState): ScenarioVerdict[] {
  const verdicts = state.verdict?.scenarios ?? [];
  const names = new Set(
    [...state.plan.scenarios, ...verdicts.map((one) => ({ name: one.scenario }))].map((one) => one.name),
  );
  return [...names].map(
    (name) =>
      verdicts.find((one) => one.scenario === name) ?? {
        scenario: name,
        comparison: 'inconclusive',
        reason: 'it was not judged',
        signatures: [],
      },
  );
}
