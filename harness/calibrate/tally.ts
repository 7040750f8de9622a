// SPDX-License-Identifier: MIT
import type { Comparison } from '../model/index.ts';
import { estimateRate } from '../verdict/index.ts';
import type { SeedClass } from './manifest.ts';
import type { ArmTrials, CampaignOutcome } from './outcome.ts';

/** A part of a whole, with the interval of Clopper and Pearson for the rate behind it. */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly interval: { readonly low: number; readonly high: number };
}

/** What campaigns said of all bugs of a class, on one accelerator. */
export interface Detection {
  readonly class: SeedClass;
  readonly rate: number | null;
  readonly accelerator: string;
  readonly seeds: number;
  readonly campaigns: number;
  /** `regressed`: what is right to say of a bug that a patch plants. */
  readonly found: Share;
  /** The numbers did not say, or the lab did not let them. */
  readonly inconclusive: number;
  /** `clean`: nothing was seen. */
  readonly missed: number;
  /** Anything else: a fault was seen on the tree that has none. */
  readonly wrong: number;
}

/** What campaigns said of one seed. */
export interface SeedTally {
  readonly seed: string;
  readonly class: SeedClass;
  readonly rate: number | null;
  readonly accelerator: string;
  readonly campaigns: number;
  readonly verdicts: Readonly<Partial<Record<Comparison, number>>>;
  readonly base: ArmTrials;
  /** In how many trials of its kernel it was seen. */
  readonly patched: Share;
  readonly lost: number;
  /** The longest campaign. */
  readonly mostTrials: number;
}

/** What campaigns said where there is no bug, on one accelerator. */
export interface FalseAlarms {
  readonly accelerator: string;
  readonly campaigns: number;
  /** Trials that found anything, of those of both arms. */
  readonly trials: Share;
  /** Scenarios whose verdict speaks of a fault, where neither arm has one. */
  readonly verdicts: Share;
  /** Scenarios whose verdict is none. */
  readonly inconclusive: number;
}

export interface Calibration {
  readonly format: 1;
  readonly seeds: readonly SeedTally[];
  readonly detection: readonly Detection[];
  readonly falseAlarms: readonly FalseAlarms[];
  readonly campaigns: readonly CampaignOutcome[];
}

/** Verdicts that speak of a fault. */
const ALARMS: readonly Comparison[] = ['regressed', 'fixed', 'notFixed'];

/** Counts what campaigns said: by seed, by class and accelerator, and where there was nothing to say. Pure. */
export function tallyOutcomes(campaigns: readonly CampaignOutcome[]): Calibration {
  const bugs = campaigns.filter((one) => one.class !== 'none');
  return {
    format: 1,
    seeds: group(campaigns, (one) => `${one.seed} ${one.accelerator}`).map(tallySeed),
    detection: group(bugs, (one) => `${one.class} ${one.rate} ${one.accelerator}`).map(tallyDetection),
    falseAlarms: group(campaigns, (one) => one.accelerator).flatMap(tallyAlarms),
    campaigns,
  };
}

type Group = readonly [CampaignOutcome, ...CampaignOutcome[]];

/** In the order in which the first of each comes. */
function group(campaigns: readonly CampaignOutcome[], keyOf: (one: CampaignOutcome) => string): Group[] {
  const groups = new Map<string, [CampaignOutcome, ...CampaignOutcome[]]>();
  for (const one of campaigns) {
    const known = groups.get(keyOf(one));
    if (known) known.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return [...groups.values()];
}

function tallySeed(own: Group): SeedTally {
  const [{ seed, class: kind, rate, accelerator }] = own;
  const patched = addTrials(own.map((one) => one.patched));
  return {
    seed,
    class: kind,
    rate,
    accelerator,
    campaigns: own.length,
    verdicts: countVerdicts(own.map((one) => one.comparison)),
    base: addTrials(own.map((one) => one.base)),
    patched: shareOf(patched.seen, patched.trials),
    lost: sum(own.map((one) => one.lost)),
    mostTrials: Math.max(...own.map((one) => one.base.trials + one.patched.trials + one.lost)),
  };
}

function tallyDetection(own: Group): Detection {
  const [{ class: kind, rate, accelerator }] = own;
  const count = (...kinds: readonly Comparison[]) =>
    own.filter((one) => kinds.includes(one.comparison)).length;
  return {
    class: kind,
    rate,
    accelerator,
    seeds: new Set(own.map((one) => one.seed)).size,
    campaigns: own.length,
    found: shareOf(count('regressed'), own.length),
    inconclusive: count('inconclusive', 'notReproduced'),
    missed: count('clean'),
    wrong: count('fixed', 'notFixed', 'faulty'),
  };
}

/** Where the seed has no bug, neither arm has one, and every verdict should say so. */
function tallyAlarms(own: Group): FalseAlarms[] {
  const clean = own.filter((one) => one.class === 'none');
  if (clean.length === 0) return [];
  const trials = addTrials(clean.flatMap((one) => [one.base, one.patched]));
  const all = Object.entries(mergeVerdicts(clean.map((one) => one.verdicts)));
  const count = (kinds: readonly Comparison[]) =>
    sum(all.filter(([kind]) => kinds.includes(kind as Comparison)).map(([, number]) => number));
  return [
    {
      accelerator: own[0].accelerator,
      campaigns: clean.length,
      trials: shareOf(trials.seen, trials.trials),
      verdicts: shareOf(count(ALARMS), sum(all.map(([, number]) => number))),
      inconclusive: count(['inconclusive', 'notReproduced']),
    },
  ];
}

function addTrials(parts: readonly ArmTrials[]): ArmTrials {
  return { seen: sum(parts.map((one) => one.seen)), trials: sum(parts.map((one) => one.trials)) };
}

function countVerdicts(kinds: readonly Comparison[]): Partial<Record<Comparison, number>> {
  return mergeVerdicts(kinds.map((kind) => ({ [kind]: 1 })));
}

function mergeVerdicts(
  parts: readonly Readonly<Partial<Record<Comparison, number>>>[],
): Partial<Record<Comparison, number>> {
  const merged: Partial<Record<Comparison, number>> = {};
  for (const part of parts)
    for (const [kind, count] of Object.entries(part) as [Comparison, number][])
      merged[kind] = (merged[kind] ?? 0) + count;
  return merged;
}

function shareOf(count: number, of: number): Share {
  return { count, of, interval: estimateRate(count, of) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
