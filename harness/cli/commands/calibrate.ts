// SPDX-License-Identifier: MIT
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type Calibration,
  type CampaignOutcome,
  printCalibration,
  summariseCampaign,
  tallyOutcomes,
} from '../../calibrate/index.ts';
import {
  makeRunDirectory,
  planRun,
  readRun,
  requireRunDirectory,
  runCampaign,
} from '../../campaign/index.ts';
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
  readonly resume?: string;
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
  const { seeds, only = [], campaigns, cleanTrials, runDirectory, resume, ...rest } = options;
  await requireUsablePlaces(context);
  const begun =
    resume === undefined ? null : await readCalibration(resolve(context.workingDirectory, resume));
  if (!begun) await requireRunDirectory(context, runDirectory, TITLE);
  const plans = await planCalibration(context, seeds, only, {
    ...rest,
    trialsPerBoot: DEFAULT_TRIALS.trialsPerBoot,
    arms: 'pair',
    exitCode: 'verdict',
  });
  const directory = begun?.directory ?? (await makeRunDirectory(context, runDirectory, TITLE));
  const known = begun?.outcomes ?? [];
  for (const one of known) await requireSame(context, plans, join(directory, one.directory), one);
  let result = tallyOutcomes(known);
  // After each campaign: a calibration takes hours, and what it has must not be lost.
  const save = () => writeFileAtomic(join(directory, RESULT_FILE), `${formatJson(result, 2)}\n`);
  await save();
  for await (const outcome of performAll(context, plans, { directory, known, campaigns, cleanTrials })) {
    result = tallyOutcomes([...result.campaigns, outcome]);
    await save();
  }
  context.out.write(printCalibration(result));
  context.out.write(`\nrun     ${directory}\nresult  ${join(directory, RESULT_FILE)}\n`);
  return 0;
}

interface Extent {
  readonly directory: string;
  /** Campaigns that were finished before. */
  readonly known: readonly CampaignOutcome[];
  readonly campaigns: number;
  readonly cleanTrials: number;
}

/**
 * All seeds once, then all again; those without a bug until there were enough trials of them. What is known already is not
 * performed again. An interruption ends it.
 */
async function* performAll(
  context: Context,
  plans: readonly SeedPlan[],
  { directory, known, campaigns, cleanTrials }: Extent,
): AsyncGenerator<CampaignOutcome> {
  const find = (plan: SeedPlan, number: number) =>
    known.find((one) => one.directory === nameCampaign(plan, number));
  for (let number = 1; number <= campaigns; number += 1) {
    for (const plan of plans) {
      if (plan.seed.class === 'none' || find(plan, number)) continue;
      const outcome = await performOne(context, plan, number, directory);
      if (outcome === null) return;
      yield outcome;
    }
  }
  for (const plan of plans) {
    if (plan.seed.class !== 'none') continue;
    let trials = 0;
    for (let number = 1; trials < cleanTrials; number += 1) {
      const before = find(plan, number);
      const outcome = before ?? (await performOne(context, plan, number, directory));
      if (outcome === null) return;
      if (!before) yield outcome;
      const judged = outcome.base.trials + outcome.patched.trials;
      // A lab that lets no trial end would be asked for ever.
      if (judged === 0) break;
      trials += judged;
    }
  }
}

function nameCampaign({ seed }: SeedPlan, number: number): string {
  return `${seed.name}.${number}`;
}

/** One campaign; null when it was interrupted. */
async function performOne(
  context: Context,
  plan: SeedPlan,
  number: number,
  directory: string,
): Promise<CampaignOutcome | null> {
  const name = nameCampaign(plan, number);
  const runDirectory = join(directory, name);
  // One that was cut off is made again.
  await rm(runDirectory, { recursive: true, force: true });
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

/** What a calibration has so far, from its directory. Fault `CLI_NO_CALIBRATION` (request). */
async function readCalibration(directory: string) {
  const path = join(directory, RESULT_FILE);
  const found = await readFile(path, 'utf8')
    .then((text) => JSON.parse(text) as Partial<Calibration> | null)
    .catch(() => null);
  if (found?.format === 1 && Array.isArray(found.campaigns))
    return { directory, outcomes: found.campaigns as readonly CampaignOutcome[] };
  throw new Fault({
    blame: 'request',
    code: 'CLI_NO_CALIBRATION',
    message: `got ${directory}, expected the directory of a calibration: it has no whole ${RESULT_FILE}`,
    next: 'name the directory that ktrial calibrate printed, or start a new one without --resume',
  });
}

/**
 * Requires that a finished campaign is the one that would be run now: numbers of different things must not be added up. Fault
 * `CLI_OTHER_CALIBRATION` (request).
 */
async function requireSame(
  context: Context,
  plans: readonly SeedPlan[],
  runDirectory: string,
  { directory, seed }: CampaignOutcome,
): Promise<void> {
  const plan = plans.find((one) => one.seed.name === seed);
  if (!plan) return;
  const wanted = requestCampaign(plan, Number(directory.slice(seed.length + 1)));
  const { scenarios, policy } = await planRun(wanted, context.cacheDirectory);
  const before = readRun(runDirectory);
  const essence = (series: string | undefined, number: number, ...others: readonly unknown[]) =>
    formatJson([series ?? null, number, ...others], 0);
  if (
    essence(wanted.series?.digest, wanted.seed, scenarios, policy) ===
    essence(before.request.series?.digest, before.request.seed, before.plan.scenarios, before.plan.policy)
  )
    return;
  throw new Fault({
    blame: 'request',
    code: 'CLI_OTHER_CALIBRATION',
    message: `${directory} was run with another patch, other scenarios or other options than ${seed} would be now`,
    next: 'start a new calibration without --resume',
  });
}
