// SPDX-License-Identifier: MIT
// Makes: how good ktrial itself is: seeds of known bugs from their manifest, and tables of what campaigns said about them.
// Needs: document, verdict, model.
// Never: runs a campaign, or knows what is to be said about a seed by name.
export { parseManifest, type Seed } from './manifest.ts';
export { type CampaignOutcome, summariseCampaign } from './outcome.ts';
export { printCalibration } from './table.ts';
export { type Calibration, tallyOutcomes } from './tally.ts';
