// SPDX-License-Identifier: MIT
import type { CampaignState } from '../model/index.ts';

/** Prints the whole state for programs; `record.json` is this. */
export function jsonReport(state: CampaignState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}
