// SPDX-License-Identifier: MIT
import { settledRace } from './race-language.ts';
import type { SettledScenario } from './settled.ts';

/** Offsets at which a race is tried, in microseconds. */
export interface Sweep {
  readonly fromUs: number;
  readonly stepUs: number;
  readonly points: number;
  /** How often each offset is tried. */
  readonly times: number;
}

/**
 * A scenario whose races try other offsets: all of them, whatever hits and whatever the kernel complains of meanwhile.
 * `sweepOf` gives those of a race by its step's label; null leaves it as it is. Returns null for a scenario that has no race among
 * its steps.
 */
export function sweepRaces(
  settled: SettledScenario,
  sweepOf: (label: string) => Sweep | null,
): SettledScenario | null {
  if (!settled.steps.some((step) => step.kind === 'race')) return null;
  const steps = settled.steps.map((step) => {
    const sweep = step.kind === 'race' ? sweepOf(step.label) : null;
    if (!sweep) return step;
    const { times, ...offsets } = sweep;
    const rounds = sweep.points * times;
    return {
      ...step,
      body: { ...settledRace.parse(step.body), ...offsets, rounds, timeMs: null, untilHit: false },
    };
  });
  const why = 'the race goes on: each of its rounds is counted';
  return {
    ...settled,
    steps,
    expect: { ...settled.expect, allow: [{ title: null, matches: '.', why }, ...settled.expect.allow] },
  };
}
