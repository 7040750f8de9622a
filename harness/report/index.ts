// SPDX-License-Identifier: MIT
// Makes: progress, TAP, tables and JSON out of events and verdicts.
// Needs: model.
// Never: decides anything, reads a file, or looks at a clock: times come from events.
export { cloneLines } from './clones.ts';
export { printPerPatchGrid } from './grid.ts';
export { createLines, describeEvent } from './lines.ts';
export type { ProgressOptions } from './progress.ts';
export { createProgress } from './progress.ts';
export type { CampaignAccount, Rejection } from './record.ts';
export { campaignRecord } from './record.ts';
export type { Reporter } from './reporter.ts';
export { fanOut } from './reporter.ts';
export type { PrintOptions } from './splat.ts';
export { formatFrame, printSplat, scanJson } from './splat.ts';
export { verdictTable } from './table.ts';
export type { TapContext } from './tap.ts';
export { tapReport } from './tap.ts';
export { formatDuration } from './words.ts';
