// SPDX-License-Identifier: MIT
import { findRunDirectory, readRun } from '../../campaign/index.ts';
import { Fault, printable } from '../../model/index.ts';
import {
  drawHeat,
  findWindow,
  formatUs,
  type RaceSum,
  REPORT_COLUMNS,
  sumRaces,
} from '../../report/index.ts';
import type { Context } from '../context.ts';

/** How many offsets the printed sweep has. */
const FINE_POINTS = 16;

/**
 * Prints, for each race of a run, where it hits and the sweep of these offsets, to be pasted into the scenario. Fault
 * `CLI_NO_RACE` (request) for a run without one.
 */
export async function execute(context: Context, args: readonly string[]): Promise<number> {
  const state = readRun(await findRunDirectory(context, args[0]));
  const sums = sumRaces(state);
  if (sums.length === 0)
    throw new Fault({
      blame: 'request',
      code: 'CLI_NO_RACE',
      message: `${state.request.id}: got no round of a race, expected at least one`,
      next: 'run a scenario with a step race (docs/races.md), and tune that run',
    });
  context.out.write(`${sums.map(describeSum).join('\n\n')}\n`);
  return 0;
}

function describeSum(sum: RaceSum): string {
  const { scenario, step, arm, points, rounds, hits, seconds } = sum;
  const window = findWindow(points);
  const rate = (got: number, of: number) =>
    // Rounds take the same time wherever they are.
    seconds ? `, ${((got * rounds) / (of * seconds)).toFixed(2)} a second` : '';
  const head = [printable(`# ${scenario}, ${arm}: ${step}`), ...drawHeat(points, REPORT_COLUMNS)];
  if (!window) return [...head, 'no round hit: try other offsets, or more rounds'].join('\n');
  const offsets = points.map((one) => one.offsetUs);
  const isAtEdge = window.fromUs === Math.min(...offsets) || window.toUs === Math.max(...offsets);
  return [
    ...head,
    `all offsets: ${hits} hits in ${rounds} rounds${rate(hits, rounds)}`,
    `best window: ${window.hits} hits in ${window.rounds} rounds${rate(window.hits, window.rounds)}`,
    ...(isAtEdge && new Set(offsets).size > 1 ? ['it ends where the sweep does: sweep farther'] : []),
    '',
    describeOffset(window.fromUs, window.toUs),
  ].join('\n');
}

/** As a scenario has it. */
function describeOffset(fromUs: number, toUs: number): string {
  if (fromUs === toUs) return `offset: ${formatUs(fromUs)}`;
  const stepUs = Math.max(1, Math.round((toUs - fromUs) / FINE_POINTS));
  return `offset: {from: ${formatUs(fromUs)}, to: ${formatUs(toUs)}, step: ${formatUs(stepUs)}}`;
}
