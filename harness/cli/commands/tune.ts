// SPDX-License-Identifier: MIT
import { findRunDirectory, readRun } from '../../campaign/index.ts';
import { Fault } from '../../model/index.ts';
import { describeTuning, sumRaces } from '../../report/index.ts';
import type { Context } from '../context.ts';

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
  context.out.write(sums.map(describeTuning).join('\n'));
  return 0;
}
