// SPDX-License-Identifier: MIT
import type { CloneSummary } from '../model/index.ts';

/** Prints how clones compare with cold boots: a summary, then a line for each control that disagrees and each fallback. */
export function cloneLines(summary: CloneSummary | null): string[] {
  if (!summary || summary.clones + summary.fellBack.length === 0) return [];
  const { clones, fellBack, compared, disagreements } = summary;
  const agreement =
    compared === 0
      ? 'none compared with a cold boot'
      : `${compared} compared with cold boots: ${disagreements.length === 0 ? 'all agree' : `${disagreements.length} disagree`}`;
  const replaced = fellBack.length === 0 ? '' : `, ${fellBack.length} replaced by cold boots`;
  return [
    `clones  ${clones}${replaced}; ${agreement}`,
    ...disagreements.map((one) => `clones  ${one.control} disagrees: ${one.reason}`),
    ...fellBack.map((one) => `clones  ${one.trial} was booted: ${one.reason}`),
  ];
}
