// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../host/index.ts';
import type { PlannedTrial, TrialResult } from '../model/index.ts';
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
      median(known.get(keyOf(trial.scenario, trial.arm)) ?? []) ??
      median(known.get(keyOf(trial.scenario, trial.arm === 'base' ? 'patched' : 'base')) ?? []) ??
      median(lengths),
    learn(result) {
      if (result.outcome !== 'passed' && !(result.outcome === 'failed' && result.blame === 'kernel')) return;
      lengths.push(result.durationMs);
      const key = keyOf(result.scenario, result.arm);
      known.set(key, [...(known.get(key) ?? []), result.durationMs].slice(-REMEMBERED));
    },
    save: () =>
      writeFileAtomic(path, `${JSON.stringify(Object.fromEntries(known), null, 1)}\n`).catch(() => {}),
  };
}

/** What does not read is discarded: it costs a worse estimate, nothing else. */
async function readKnown(path: string): Promise<Map<string, readonly number[]>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
    return new Map(Object.entries(value).filter(isDurations));
  } catch {
    return new Map();
  }
}

function isDurations(entry: [string, unknown]): entry is [string, readonly number[]] {
  const [, values] = entry;
  return Array.isArray(values) && values.every((one) => Number.isFinite(one) && one >= 0);
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
