// SPDX-License-Identifier: MIT
import { type CampaignState, isConclusive, type ScenarioVerdict, type TrialResult } from '../model/index.ts';

/** Results of the trials that have ended, without controls: those compare clones with cold boots and count in no verdict. */
export function endedTrials(state: CampaignState): TrialResult[] {
  return state.trials.flatMap(({ status, control, result }) =>
    status === 'done' && !control && result ? [result] : [],
  );
}

/** The same, of one scenario. */
export function trialsOf(scenario: string, state: CampaignState): TrialResult[] {
  return endedTrials(state).filter((trial) => trial.scenario === scenario);
}

/** Trials that say nothing about their kernel: faults of the lab, mistakes of the scenario, trials that never ran. */
export function inconclusiveTrials(scenario: string, state: CampaignState): TrialResult[] {
  return trialsOf(scenario, state).filter((trial) => !isConclusive(trial));
}

/**
 * The verdict on every scenario of the plan, in its order. One that the campaign's verdict leaves out is inconclusive:
 * nothing passes by omission.
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
