// SPDX-License-Identifier: MIT
// Makes: judgements: of one trial from its evidence, of two arms from their trials, of a whole campaign.
// Needs: model.
// Never: reads a log, touches the host, or knows a scenario by name.
export { compareClones } from './clones.ts';
export { compareScenario, concludeCampaign, worstOf } from './compare.ts';
export { isConclusive } from './conclusive.ts';
export type { MachineState, TrialEvidence, TrialJudgement } from './judge.ts';
export { judgeTrial } from './judge.ts';
export { gridPatches } from './per-patch.ts';
