// SPDX-License-Identifier: MIT
import type { CampaignState, RacePoint } from '../model/index.ts';
import { endedTrials } from './select.ts';
import { foldWords, oneLine, padText, widthOf } from './text.ts';

/** The same race of all trials of one arm. */
export interface RaceSum {
  readonly scenario: string;
  readonly step: string;
  readonly arm: string;
  /** In the order of the delays and, of one delay, of the offsets. */
  readonly points: readonly RacePoint[];
  readonly rounds: number;
  readonly hits: number;
  /** How long the rounds took; null where that was not measured. */
  readonly seconds: number | null;
}

/** Offsets, next to one another, at which a race hits more often than elsewhere. */
export interface RaceWindow {
  readonly fromUs: number;
  readonly toUs: number;
  readonly rounds: number;
  readonly hits: number;
}

const MOST_COLUMNS = 60;
const MOST_ROWS = 16;

/** Adds up the races of a campaign's trials, without controls, in the order of the trials. */
export function sumRaces(state: CampaignState): RaceSum[] {
  const sums = new Map<string, RaceSum>();
  for (const { scenario, arm, steps } of endedTrials(state))
    for (const { label, points = [], numbers = {} } of steps) {
      if (points.length === 0) continue;
      const key = JSON.stringify([scenario, label, arm]);
      const before = sums.get(key);
      const seconds = numbers.seconds ?? null;
      sums.set(key, {
        scenario,
        step: label,
        arm,
        points: mergePoints([...(before?.points ?? []), ...points]),
        rounds: sumOf(points, 'rounds') + (before?.rounds ?? 0),
        hits: sumOf(points, 'hits') + (before?.hits ?? 0),
        seconds: before ? addOrNull(before.seconds, seconds) : seconds,
      });
    }
  return [...sums.values()];
}

/** The heat map of each race of a campaign. */
export function heatLines(state: CampaignState, columns: number): string[] {
  return sumRaces(state).flatMap((sum) => [
    ...foldWords(oneLine(`race in ${sum.scenario} on ${sum.arm}: ${sum.step}`), '', columns),
    ...drawHeat(sum.points, columns),
  ]);
}

/**
 * Draws how often a race hit: a column for each offset, or for some next to one another, and a row for each delay. A figure
 * stands for tenths of the rounds, rounded up.
 */
export function drawHeat(points: readonly RacePoint[], columns: number): string[] {
  const offsets = [...new Set(points.map((one) => one.offsetUs))].sort((one, other) => one - other);
  const delays = [...new Set(points.map((one) => one.delayUs))].sort(
    (one, other) => (one ?? -1) - (other ?? -1),
  );
  const [first, last] = [offsets[0], offsets.at(-1)];
  if (first === undefined || last === undefined) return [];
  const names = groupBy(delays, MOST_ROWS).map((group) => ({
    group,
    name: delays.length === 1 && delays[0] === null ? '' : nameDelays(group),
  }));
  const margin = Math.max(...names.map(({ name }) => widthOf(name))) + 3;
  const cells = groupBy(offsets, Math.max(1, Math.min(MOST_COLUMNS, columns - margin - 1)));
  const rows = names.map(({ group, name }) => {
    const own = points.filter((one) => group.includes(one.delayUs));
    const marks = cells.map((cell) => markOf(own.filter((one) => cell.includes(one.offsetUs))));
    return `  ${padText(name, margin - 3)}|${marks.join('')}|`;
  });
  const left = formatUs(first);
  const right = first === last ? '' : formatUs(last);
  const gap = Math.max(1, cells.length - left.length - right.length);
  const total = `${sumOf(points, 'hits')} of ${sumOf(points, 'rounds')} rounds hit`;
  return [
    ...rows,
    `${' '.repeat(margin)}${left}${' '.repeat(gap)}${right}`.trimEnd(),
    ...foldWords(`${total}; 1 to 9: tenths of the rounds, #: all, .: none`, '  ', columns),
  ];
}

/** The offsets that hit at least half as often as the best ones do, next to one another; null where nothing hit. */
export function findWindow(points: readonly RacePoint[]): RaceWindow | null {
  const merged = mergePoints(points.map((one) => ({ ...one, delayUs: null })));
  // One lucky place of few rounds is no peak: it is seen with its neighbours.
  const peak = Math.max(
    0,
    ...merged.map((_, index) => rateOf(merged.slice(Math.max(0, index - 1), index + 2))),
  );
  if (peak === 0) return null;
  let best: { readonly sum: number; readonly from: number; readonly to: number } | null = null;
  let [sum, from] = [0, 0];
  for (const [index, { rounds, hits }] of merged.entries()) {
    if (sum <= 0) [sum, from] = [0, index];
    sum += hits - (rounds * peak) / 2;
    if (sum > (best?.sum ?? 0)) best = { sum, from, to: index };
  }
  if (!best) return null;
  const own = merged.slice(best.from, best.to + 1);
  const [first, last] = [own[0], own.at(-1)];
  if (!first || !last) return null;
  return {
    fromUs: first.offsetUs,
    toUs: last.offsetUs,
    rounds: sumOf(own, 'rounds'),
    hits: sumOf(own, 'hits'),
  };
}

/** Formats microseconds as a scenario has them: `-250us`, `1.5ms`, `2s`. */
export function formatUs(us: number): string {
  const size = Math.abs(us);
  if (us === 0) return '0us';
  if (size < 1000) return `${us}us`;
  return size < 1_000_000 ? `${us / 1000}ms` : `${us / 1_000_000}s`;
}

function mergePoints(points: readonly RacePoint[]): RacePoint[] {
  const merged = new Map<string, RacePoint>();
  for (const one of points) {
    const key = `${one.delayUs} ${one.offsetUs}`;
    const before = merged.get(key);
    merged.set(
      key,
      before ? { ...one, rounds: before.rounds + one.rounds, hits: before.hits + one.hits } : one,
    );
  }
  return [...merged.values()].sort(
    (one, other) => (one.delayUs ?? -1) - (other.delayUs ?? -1) || one.offsetUs - other.offsetUs,
  );
}

function markOf(points: readonly RacePoint[]): string {
  const rounds = sumOf(points, 'rounds');
  const hits = sumOf(points, 'hits');
  if (rounds === 0) return ' ';
  if (hits === 0) return '.';
  return hits === rounds ? '#' : String(Math.min(9, Math.ceil((10 * hits) / rounds)));
}

/** Splits a list into at most so many lists of the same length, but for the last one. */
function groupBy<Item>(items: readonly Item[], most: number): Item[][] {
  const size = Math.ceil(items.length / most);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function nameDelays(group: readonly (number | null)[]): string {
  const name = (us: number | null) => (us === null ? 'no delay' : `delay ${formatUs(us)}`);
  const [first = null] = group;
  const last = group.at(-1) ?? null;
  return first === last ? `${name(first)}  ` : `${name(first)} to ${name(last)}  `;
}

function rateOf(points: readonly RacePoint[]): number {
  const rounds = sumOf(points, 'rounds');
  return rounds === 0 ? 0 : sumOf(points, 'hits') / rounds;
}

function sumOf(points: readonly RacePoint[], key: 'rounds' | 'hits'): number {
  return points.reduce((sum, one) => sum + one[key], 0);
}

function addOrNull(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other;
}
