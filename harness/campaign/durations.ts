// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../host/index.ts';
import type { TrialResult } from '../model/index.ts';
import type { PlannedTrial } from './plan.ts';
import type { Expectation } from './schedule.ts';

/** Trials of a kind that are remembered. */
const REMEMBERED = 5;

/** How long trials took, in milliseconds, newest last, by kernel, scenario and side. */
export interface Durations {
  readonly expect: Expectation;
  learn(result: TrialResult): void;
  /** Writes down what was learnt; a cache that cannot be written is no reason to fail. */
  save(): Promise<void>;
}

/** Opens what earlier runs of a kernel taught. */
export async function openDurations(cacheDirectory: string, kernel: string): Promise<Durations> {
  const path = join(cacheDirectory, 'durations.json');
  const known = await readKnown(path);
  const keyOf = (scenario: string, arm: string) =>
    `${kernel}/${scenario}/${arm === 'base' ? 'base' : 'series'}`;
  const lengths: number[] = [];
  return {
    expect: (trial: PlannedTrial) =>
      median(known[keyOf(trial.scenario.name, trial.arm)] ?? []) ??
      median(known[keyOf(trial.scenario.name, trial.arm === 'base' ? 'series' : 'base')] ?? []) ??
      median(lengths),
    learn(result) {
      if (result.outcome !== 'passed' && !(result.outcome === 'failed' && result.blame === 'kernel')) return;
      lengths.push(result.durationMs);
      const key = keyOf(result.scenario, result.arm);
      known[key] = [...(known[key] ?? []), result.durationMs].slice(-REMEMBERED);
    },
    save: () => writeFileAtomic(path, `${JSON.stringify(known, null, 1)}\n`).catch(() => {}),
  };
}

async function readKnown(path: string): Promise<Record<string, readonly number[]>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, readonly number[]>;
  } catch {
    return {};
  }
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
