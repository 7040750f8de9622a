// SPDX-License-Identifier: MIT
// Makes: judgements: of one trial from its evidence, of one arm or two from their trials, of a whole campaign.
// Needs: model.
// Never: reads a log, touches the host, or knows a scenario by name.
export { estimateRate, trialsToDetect } from './binomial.ts';
export { concludeCampaign } from './campaign.ts';
export { compareClones } from './clones.ts';
export { compareScenarios, judgeAlone } from './compare.ts';
export { addCoverage } from './coverage.ts';
export type { MachineState } from './judge.ts';
export { judgeTrial } from './judge.ts';
export { gridPatches } from './per-patch.ts';
export { settleReachability } from './reachability.ts';
export { countTrialsBetween } from './turns.ts';
