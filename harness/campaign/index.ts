// SPDX-License-Identifier: MIT
// Makes: campaigns: a pure plan, a journal of what happened, a state folded from it, a policy's next actions performed, a verdict.
// Needs: series, kernel, image, scenario, symbol, verdict, host, model; a TrialRunner given from outside.
// Never: starts a machine itself, prints, or knows how trials are run.
export { findRejected } from './applies.ts';
export { buildArms, findArmKernel } from './build.ts';
export { exitCodeOfState } from './conclude.ts';
export { describePlan } from './describe-plan.ts';
export { writeStarter } from './first-scenario.ts';
export {
  requireBuildable,
  requireL2s,
  requireMemory,
  requireRunnable,
} from './foresee.ts';
export { type CodeForecast, foreseeCode } from './foresee-code.ts';
export { readKernel, readSeriesArgument, withConfigArguments } from './inputs.ts';
export { readKnownIssues } from './known-issues.ts';
export { readOwnTree } from './own-tree.ts';
export type { ArmsRequest, CampaignRequest } from './request.ts';
export { readRerun } from './rerun.ts';
export { planRun, readRun, resumeCampaign, runCampaign } from './run.ts';
export {
  findRunDirectory,
  listRunDirectories,
  makeRunDirectory,
  requireRunDirectory,
} from './run-directory.ts';
export { readScenario, readScenarios, settleFirstScenario } from './scenarios.ts';
export { seedOf } from './seed.ts';
export { writeDefinition } from './write-definition.ts';
