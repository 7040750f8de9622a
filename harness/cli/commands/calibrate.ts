// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Calibration,
  type CampaignOutcome,
  printCalibration,
  summariseCampaign,
  tallyOutcomes,
} from '../../calibrate/index.ts';
import { makeRunDirectory, requireRunDirectory, runCampaign } from '../../campaign/index.ts';
import { makeScratch, writeFileAtomic } from '../../host/index.ts';
import { type CampaignState, DEFAULT_TRIALS, Fault, formatJson } from '../../model/index.ts';
import { describeRejection } from '../../report/index.ts';
import { planCalibration, requestCampaign, type SeedPlan } from '../calibration-plan.ts';
import type { Context } from '../context.ts';
import { playRun } from '../perform-run.ts';
import { requireUsablePlaces } from '../places.ts';

export interface CalibrateOptions {
  readonly seeds?: string;
  readonly only?: readonly string[];
  readonly campaigns: number;
  readonly cleanTrials: number;
  readonly trials: number;
  readonly budget?: number;
  readonly detect: number;
  readonly coverage?: boolean;
  readonly controls: number;
  readonly jobs?: number;
  readonly seed: number;
  readonly runDirectory?: string;
  readonly mirror?: string;
  readonly allowUnsandboxed?: boolean;
}

const TITLE = 'calibrate';
const RESULT_FILE = 'calibration.json';

/**
 * Runs a campaign for each seed as `ktrial run` does, again and again, and prints how often its verdict was right. The exit code is 0
 * when all were run, whatever they said: it is ktrial that is on trial. Faults of `planCalibration` and of campaigns.
 */
export async function execute(
  context: Context,
  _args: readonly string[],
  options: CalibrateOptions,
): Promise<number> {
  const { seeds, only = [], campaigns, cleanTrials, runDirectory, ...rest } = options;
  const plans = await planCalibration(context, seeds, only, {
    ...rest,
    trialsPerBoot: DEFAULT_TRIALS.trialsPerBoot,
    arms: 'pair',
    exitCode: 'verdict',
  });
  await requireUsablePlaces(context);
  await requireRunDirectory(context, runDirectory, TITLE);
  const directory = await makeRunDirectory(context, runDirectory, TITLE);
  const outcomes: CampaignOutcome[] = [];
  let result = tallyOutcomes(outcomes);
  for await (const outcome of performAll(context, plans, { directory, campaigns, cleanTrials })) {
    outcomes.push(outcome);
    result = tallyOutcomes(outcomes);
    // After each: a calibration takes hours, and what it has must not be lost.
    await writeFileAtomic(join(directory, RESULT_FILE), `${formatJson(result, 2)}\n`);
  }
  printResult(context, result, directory);
  return 0;
}

interface Extent {
  readonly directory: string;
  readonly campaigns: number;
  readonly cleanTrials: number;
}

/** All seeds once, then all again; those without a bug until there were enough trials of them. An interruption ends it. */
async function* performAll(
  context: Context,
  plans: readonly SeedPlan[],
  { directory, campaigns, cleanTrials }: Extent,
): AsyncGenerator<CampaignOutcome> {
  for (let number = 1; number <= campaigns; number += 1) {
    for (const plan of plans) {
      if (plan.seed.class === 'none') continue;
      const outcome = await performOne(context, plan, number, directory);
      if (outcome === null) return;
      yield outcome;
    }
  }
  for (const plan of plans) {
    if (plan.seed.class !== 'none') continue;
    let trials = 0;
    for (let number = 1; trials < cleanTrials; number += 1) {
      const outcome = await performOne(context, plan, number, directory);
      if (outcome === null) return;
      const judged = outcome.base.trials + outcome.patched.trials;
      // A lab that lets no trial end would be asked for ever.
      if (judged === 0) break;
      trials += judged;
      yield outcome;
    }
  }
}

/** One campaign; null when it was interrupted. */
async function performOne(
  context: Context,
  plan: SeedPlan,
  number: number,
  directory: string,
): Promise<CampaignOutcome | null> {
  const name = `${plan.seed.name}.${number}`;
  const runDirectory = join(directory, name);
  await mkdir(runDirectory);
  // Templates of an earlier campaign would make this one see the same boots again.
  await using scratch = await makeScratch('calibrate', context.cacheDirectory);
  const request = requestCampaign(plan, number);
  context.say(`${name}: ${plan.seed.breaks}`);
  const place = {
    runDirectory,
    mirror: request.mirror,
    keeper: null,
    console: false,
    templatesIn: scratch.path,
  };
  const state = await playRun(context, place, (setup) => runCampaign(request, setup));
  if (state.end?.kind === 'interrupted') return null;
  const outcome = summariseCampaign(plan.seed, name, state);
  if (!outcome) throw noVerdict(name, state);
  context.say(`${name}: ${outcome.comparison}: ${outcome.reason}`);
  return outcome;
}

/** A seed that does not compile: that it applies was seen before. */
function noVerdict(name: string, { rejection }: CampaignState): Fault {
  const explained = rejection
    ? describeRejection(rejection)
    : { message: 'the campaign ended without a verdict', details: [], next: 'look at its journal' };
  return new Fault({
    blame: 'request',
    code: 'SERIES_REJECTED',
    ...explained,
    message: `${name}: ${explained.message}`,
  });
}

function printResult(context: Context, result: Calibration, directory: string): void {
  context.out.write(printCalibration(result));
  context.out.write(`\nrun     ${directory}\nresult  ${join(directory, RESULT_FILE)}\n`);
}
