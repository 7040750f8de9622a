// SPDX-License-Identifier: MIT
import { type CampaignState, formatJson } from '../model/index.ts';

/** Prints the whole state for programs; `record.json` is this. */
export function jsonReport(state: CampaignState): string {
  return `${formatJson(state, 2)}\n`;
}
