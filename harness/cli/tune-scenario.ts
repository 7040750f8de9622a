// SPDX-License-Identifier: MIT
import { runCampaign } from '../campaign/index.ts';
import { Fault } from '../model/index.ts';
import { findWindow, type RaceSum, sumRaces } from '../report/index.ts';
import { type Sweep, sweepRaces } from '../scenario/index.ts';
import { type RunOptions, readRequest } from './commands/run.ts';
import type { Context } from './context.ts';
import { performRun } from './perform-run.ts';
import { prepareRun } from './prepare-run.ts';

/** Wide first: what hits anywhere is found with few rounds at each place. */
const COARSE: Sweep = { fromUs: -10_000, stepUs: 500, points: 41, times: 5 };
const FINE = { points: 17, times: 10 };

/**
 * Sweeps the races of a scenario on the base alone, widely and then where they hit, and returns the sums of the last run.
 * Faults of `run`, and `CLI_NO_RACE` (request) for a scenario without a race.
 */
export async function tuneScenario(context: Context, options: RunOptions): Promise<readonly RaceSum[]> {
  const coarse = await sweep(context, options, () => COARSE);
  const windows = new Map(coarse.map(({ step, points }) => [step, findWindow(points)]));
  if ([...windows.values()].every((window) => window === null)) return coarse;
  return sweep(context, options, (label) => {
    const window = windows.get(label);
    if (!window) return null;
    // A window of one place goes half the way to the next ones.
    const margin = window.fromUs === window.toUs ? COARSE.stepUs / 2 : 0;
    const fromUs = window.fromUs - margin;
    const stepUs = Math.max(1, Math.round((window.toUs + margin - fromUs) / (FINE.points - 1)));
    return { fromUs, stepUs, ...FINE };
  });
}

async function sweep(
  context: Context,
  options: RunOptions,
  sweepOf: (label: string) => Sweep | null,
): Promise<readonly RaceSum[]> {
  const { request } = await readRequest(context, undefined, options);
  const scenarios = request.scenarios.map((one) => {
    const swept = sweepRaces(one, sweepOf);
    if (swept) return swept;
    throw new Fault({
      blame: 'request',
      code: 'CLI_NO_RACE',
      message: `${one.name}: got no race among its steps, expected at least one`,
      next: 'docs/races.md says how to write one',
    });
  });
  const runDirectory = await prepareRun(context, { ...request, scenarios }, [], {});
  if (runDirectory === null) throw new TypeError('a run that is not dry has a directory');
  const state = await performRun(
    context,
    { runDirectory, outputs: [], mirror: request.mirror, options },
    (setup) => runCampaign({ ...request, scenarios }, setup),
  );
  return sumRaces(state);
}
