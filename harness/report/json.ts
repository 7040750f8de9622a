// SPDX-License-Identifier: MIT
import type { CampaignState } from '../model/index.ts';

/** A campaign for programs: its whole state, as `record.json` has it. */
export function jsonReport(state: CampaignState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}
