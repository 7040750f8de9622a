// SPDX-License-Identifier: MIT
import type { RacePoint } from '../model/index.ts';

/** What an actor came to in all rounds: results and how often each. */
export type Tallies = ReadonlyMap<string, number>;

/** A round that was a hit by the kernel's complaint in it. */
export interface RoundSplat {
  readonly round: number;
  readonly offsetUs: number;
  readonly title: string;
}

/** What a race has come to so far. */
export interface RaceResult {
  readonly rounds: number;
  readonly hits: number;
  /** Seconds from the race's beginning to the end of its last round. */
  readonly seconds: number;
  /** The first round that hit, where its actors were started, and when it was over. */
  readonly firstHit: { readonly round: number; readonly offsetUs: number; readonly atMs: number } | null;
  /** How much farther apart than planned actors started: in half of the rounds at most, and at most. */
  readonly spreadUs: number;
  readonly spreadMaxUs: number;
  /** How long half of the rounds took at most. */
  readonly roundMs: number;
  readonly points: readonly RacePoint[];
  readonly actors: ReadonlyMap<string, Tallies>;
  /** Complaints of the kernel with their rounds: the first ones. */
  readonly splats: readonly RoundSplat[];
  /** Why it ended, as the guest's program says it; null while it goes on, or when that died. */
  readonly end: { readonly reason: string; readonly detail: readonly string[] } | null;
}

/** Reads what the guest's program race prints, as it comes. */
export interface RaceReader {
  /** Takes the output so far; what was read before is not read again. */
  read(output: string): void;
  /** What is known; a round's log is looked at once the next line after it is there. */
  result(): RaceResult;
}

/** A guest that prints without end is read only so far. */
const MOST_ROUNDS = 1_000_000;
const MOST_POINTS = 2000;
const MOST_RESULTS = 64;
const MOST_SPLATS = 20;

const ROUND = /^round (\d{1,9}) (-?\d{1,9}) (\d{1,15}) (\d{1,15}) (\d{1,15}) ([01]) (\S.*)$/;
const ACTOR =
  /([a-z][a-z0-9_]{0,63}) ([A-Za-z0-9]{1,24}:\d{1,9}(?:,[A-Za-z0-9]{1,24}:\d{1,9})*) -?\d{1,16} -?\d{1,16}(?: |$)/g;
const END = /^end ([a-z]+)((?: [A-Za-z0-9]{1,24}){0,4})$/;

interface Round {
  readonly number: number;
  readonly offsetUs: number;
  readonly endMs: number;
  isHit: boolean;
  log: string[];
}

/** Creates a reader. `findSplats` finds complaints in records of the kernel's log; `delayUs` is what widens the race. */
export function createRaceReader(
  findSplats: (records: string) => readonly string[],
  delayUs: number | null = null,
): RaceReader {
  const points = new Map<number, { rounds: number; hits: number }>();
  const actors = new Map<string, Map<string, number>>();
  const spreads: number[] = [];
  const durations: number[] = [];
  const splats: RoundSplat[] = [];
  let [taken, hits, lastMs] = [0, 0, 0];
  let firstHit: RaceResult['firstHit'] = null;
  let end: RaceResult['end'] = null;
  let open: Round | null = null;

  function count(name: string, results: string): void {
    const own = actors.get(name) ?? new Map<string, number>();
    actors.set(name, own);
    for (const one of results.split(',')) {
      const [result = '', times = '0'] = one.split(':');
      if (own.has(result) || own.size < MOST_RESULTS) own.set(result, (own.get(result) ?? 0) + Number(times));
    }
  }

  function markHit(round: Round): void {
    if (round.isHit) return;
    round.isHit = true;
    hits += 1;
    firstHit ??= { round: round.number, offsetUs: round.offsetUs, atMs: round.endMs };
    const point = points.get(round.offsetUs);
    if (point) point.hits += 1;
  }

  function closeRound(): void {
    if (!open || open.log.length === 0) return;
    const titles = findSplats(`${open.log.join('\n')}\n`);
    open.log = [];
    if (titles.length > 0) markHit(open);
    for (const title of titles.slice(0, MOST_SPLATS - splats.length))
      splats.push({ round: open.number, offsetUs: open.offsetUs, title });
  }

  function openRound([, number, offset, spread, at, duration, hit, rest = '']: RegExpExecArray): void {
    const offsetUs = Number(offset);
    if (!points.has(offsetUs) && points.size >= MOST_POINTS) return;
    const point = points.get(offsetUs) ?? { rounds: 0, hits: 0 };
    points.set(offsetUs, point);
    point.rounds += 1;
    spreads.push(Number(spread) / 1000);
    durations.push(Number(duration) / 1e6);
    lastMs = (Number(at) + Number(duration)) / 1e6;
    open = { number: Number(number), offsetUs, endMs: lastMs, isHit: false, log: [] };
    for (const [, name = '', results = ''] of rest.matchAll(ACTOR)) count(name, results);
    if (hit === '1') markHit(open);
  }

  function take(line: string): void {
    if (open && line.startsWith('log ')) {
      open.log.push(line.slice(4));
      return;
    }
    closeRound();
    const round = ROUND.exec(line);
    if (round && spreads.length < MOST_ROUNDS) openRound(round);
    const ended = END.exec(line);
    if (ended) end = { reason: ended[1] ?? '', detail: (ended[2] ?? '').trim().split(' ') };
  }

  return {
    read(output) {
      // The last line may not be whole yet.
      for (let next = output.indexOf('\n', taken); next >= 0; next = output.indexOf('\n', taken)) {
        take(output.slice(taken, next));
        taken = next + 1;
      }
    },
    result() {
      closeRound();
      return {
        rounds: spreads.length,
        hits,
        seconds: lastMs / 1000,
        firstHit,
        spreadUs: middleOf(spreads),
        spreadMaxUs: spreads.reduce((most, one) => Math.max(most, one), 0),
        roundMs: middleOf(durations),
        points: [...points]
          .map(([offsetUs, point]) => ({ offsetUs, delayUs, ...point }))
          .sort((one, other) => one.offsetUs - other.offsetUs),
        actors,
        splats,
        end,
      };
    },
  };
}

function middleOf(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
