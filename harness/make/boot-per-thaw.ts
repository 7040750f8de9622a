// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { readRun } from '../campaign/index.ts';
import type { TrialResult } from '../model/index.ts';

/**
 * Measures how much longer a boot takes than a thaw under the same load, from runs that exist: the ratio `BOOT_PER_THAW` of
 * `trial/start.ts`. For each control it prints the boot, the median thaw of the clones started within 12 s of it, and the ratio.
 * Usage: boot-per-thaw.js RUN…
 */

const NEAR_MS = 12_000;

interface Boot {
  readonly result: TrialResult;
  readonly at: number;
  readonly ms: number;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function* comparePairs(directory: string): Generator<number> {
  const boots = readRun(resolve(directory)).trials.flatMap(({ result }): Boot[] =>
    result?.bootMs ? [{ result, at: Date.parse(result.startedAt), ms: result.bootMs }] : [],
  );
  const clones = boots.filter(({ result }) => result.bootMethod?.kind === 'clone');
  for (const { result, at, ms } of boots.filter((one) => one.result.control)) {
    const near = clones.filter((one) => one.at > at - NEAR_MS && one.at < at + ms);
    if (near.length === 0) continue;
    const thaw = median(near.map((one) => one.ms));
    process.stdout.write(
      `${result.id}: boot ${ms} ms, ${near.length} thaws ${thaw} ms: ${(ms / thaw).toFixed(1)}\n`,
    );
    yield ms / thaw;
  }
}

const ratios = process.argv.slice(2).flatMap((directory) => [...comparePairs(directory)]);
process.stdout.write(`${ratios.length} controls, median ${median(ratios).toFixed(1)}\n`);
