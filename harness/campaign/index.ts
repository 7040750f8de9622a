// SPDX-License-Identifier: MIT
// Makes: campaigns: a pure plan, kernels and image prepared, trials handed to a runner, arms compared, a verdict.
// Needs: series, kernel, image, scenario, symbol, verdict, host, model; a TrialRunner given from outside.
// Never: starts a machine itself, prints, or knows how trials are run.
export type { Arms, ArmsPreparation, ArmsRequest, BuildOptions, Rejection } from './arms.ts';
export { prepareArms } from './arms.ts';
export { concludeTrials } from './conclude.ts';
export type { Execution } from './execute.ts';
export { executeTrials, measureRoom } from './execute.ts';
export type { ArmsChoice, CampaignPlan, PlannedArm, PlannedTrial } from './plan.ts';
export { describePlan, planArms, planCampaign } from './plan.ts';
export type { Prepared } from './prepare.ts';
export type { CampaignPlace, CampaignRequest } from './request.ts';
export type { CampaignOutcome } from './run.ts';
export { runCampaign } from './run.ts';
export type { Stages } from './stages.ts';
export { emitStages } from './stages.ts';
