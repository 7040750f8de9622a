// SPDX-License-Identifier: MIT
import { findRunDirectory, readRun } from '../../campaign/index.ts';
import { DEFAULT_TRIALS, Fault } from '../../model/index.ts';
import { describeTuning, type RaceSum, sumRaces } from '../../report/index.ts';
import type { Context } from '../context.ts';
import type { KernelOptions } from '../kernel-options.ts';
import { tuneScenario } from '../tune-scenario.ts';

export interface TuneOptions extends KernelOptions {
  readonly param?: readonly string[];
}

/**
 * Prints, for each race of a run or of a scenario that is run for this, where it hits and the sweep of these offsets, to be
 * pasted into the scenario. Fault `CLI_NO_RACE` (request) where there is no race.
 */
export async function execute(
  context: Context,
  args: readonly string[],
  options: TuneOptions,
): Promise<number> {
  const sums = /\.ya?ml$/.test(args[0] ?? '')
    ? await tuneScenario(context, {
        ...options,
        scenarios: args.slice(0, 1),
        arms: 'pair',
        // One machine at a time: another one beside it would take CPUs from the race.
        jobs: 1,
        ...DEFAULT_TRIALS,
        repeat: 1,
        seed: 1,
        controls: 0,
        exitCode: 'verdict',
      })
    : await readSums(context, args[0]);
  context.out.write(sums.map(describeTuning).join('\n'));
  return 0;
}

async function readSums(context: Context, run: string | undefined): Promise<readonly RaceSum[]> {
  const state = readRun(await findRunDirectory(context, run));
  const sums = sumRaces(state);
  if (sums.length > 0) return sums;
  throw new Fault({
    blame: 'request',
    code: 'CLI_NO_RACE',
    message: `${state.request.id}: got no round of a race, expected at least one`,
    next: 'run a scenario with a step race (docs/races.md), and tune that run',
  });
}
