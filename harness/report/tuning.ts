// SPDX-License-Identifier: MIT
import { drawHeat, findWindow, formatUs, type RaceSum } from './heat.ts';
import { oneLine, REPORT_COLUMNS } from './text.ts';

/** How many offsets the printed sweep has. */
const FINE_POINTS = 16;

/** Where a race hits, and the sweep of the offsets at which it hits most, as a scenario has it. */
export function describeTuning(sum: RaceSum): string {
  const { scenario, step, arm, points, rounds, hits, seconds } = sum;
  const window = findWindow(points);
  const rate = (got: number, of: number) =>
    // Rounds take the same time wherever they are.
    seconds ? `, ${((got * rounds) / (of * seconds)).toFixed(2)} a second` : '';
  const head = [oneLine(`# ${scenario}, ${arm}: ${step}`), ...drawHeat(points, REPORT_COLUMNS)];
  if (!window) return `${[...head, 'no round hit: try other offsets, or more rounds'].join('\n')}\n`;
  const offsets = new Set(points.map((one) => one.offsetUs));
  const isAtEdge = window.fromUs === Math.min(...offsets) || window.toUs === Math.max(...offsets);
  const lines = [
    ...head,
    `all offsets: ${hits} hits in ${rounds} rounds${rate(hits, rounds)}`,
    `best window: ${window.hits} hits in ${window.rounds} rounds${rate(window.hits, window.rounds)}`,
    ...(isAtEdge && offsets.size > 1 ? ['it ends where the sweep does: sweep farther'] : []),
    '',
    describeOffset(window.fromUs, window.toUs),
  ];
  return `${lines.join('\n')}\n`;
}

function describeOffset(fromUs: number, toUs: number): string {
  if (fromUs === toUs) return `offset: ${formatUs(fromUs)}`;
  const stepUs = Math.max(1, Math.round((toUs - fromUs) / FINE_POINTS));
  return `offset: {from: ${formatUs(fromUs)}, to: ${formatUs(toUs)}, step: ${formatUs(stepUs)}}`;
}
