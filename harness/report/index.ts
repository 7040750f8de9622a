// SPDX-License-Identifier: MIT
// Makes: TAP, JUnit, tables, Markdown and JSON out of a campaign's state, and progress out of its events.
// Needs: model.
// Never: decides anything, reads a file, or looks at a clock: times come from events, or from whoever calls.
import type { CampaignState } from '../model/index.ts';
import { jsonReport } from './json.ts';
import { junitReport } from './junit.ts';
import { markdownReport } from './markdown.ts';
import type { ReportOptions } from './options.ts';
import { tableReport } from './table.ts';
import { tapReport } from './tap.ts';

export { createActivity } from './activity.ts';
export { findWindow, type RaceSum, sumRaces } from './heat.ts';
export { createProgress } from './progress.ts';
export { describeRejection } from './rejection.ts';
export { fanOut } from './reporter.ts';
export { describeRun, showRun, showTrial } from './show.ts';
export { printSplat } from './splat.ts';
export { countSubtests, describeSubtest } from './subtests.ts';
export { REPORT_COLUMNS } from './text.ts';
export { describeTuning } from './tuning.ts';
export { describeDiagnostic, formatDuration } from './words.ts';

/** Prints a campaign in one of the formats. The same state gives the same bytes, live or later. */
export const REPORTERS: Readonly<
  Record<
    'tap' | 'junit' | 'table' | 'json' | 'markdown',
    (state: CampaignState, options: ReportOptions) => string
  >
> = { tap: tapReport, junit: junitReport, table: tableReport, json: jsonReport, markdown: markdownReport };
