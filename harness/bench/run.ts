// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand, tail } from '../host/index.ts';
import type { TrialEvent, TrialResult } from '../model/index.ts';
import type { Lab } from './lab.ts';

/** A finished `ktrial run`, from the outside: what a user has of it. */
export interface Run {
  readonly events: readonly TrialEvent[];
  readonly trials: readonly TrialResult[];
  /** Digests of the kernels that were compared. */
  readonly kernels: readonly string[];
}

/**
 * Runs `ktrial run` to its verdict. Rejects when it ended otherwise, or a trial was lost: a figure of trials that were
 * not run would be a good one.
 */
export async function runKtrial(lab: Lab, words: readonly string[]): Promise<Run> {
  const directory = await mkdtemp(join(lab.scratch, 'run-'));
  const main = join(lab.root, 'dist/harness/cli/main.js');
  const { exitCode, stderr } = await runCommand(
    process.execPath,
    [main, 'run', ...words, '--run-directory', directory],
    {
      accept: 'any',
      signal: lab.signal,
      env: { XDG_CACHE_HOME: dirname(lab.cacheDirectory) },
    },
  );
  // 1 is a verdict too: a reference series may be wrong.
  if (exitCode !== 0 && exitCode !== 1)
    throw new Error(`ktrial run ended with ${exitCode}: ${tail(stderr, 3).join('; ')}`);
  const events = (await readFile(join(directory, 'events.ndjson'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TrialEvent);
  const record = JSON.parse(await readFile(join(directory, 'record.json'), 'utf8')) as {
    readonly trials: readonly TrialResult[];
    readonly arms: Readonly<Record<string, string>>;
  };
  const lost = record.trials.find((trial) => trial.blame === 'lab' || trial.outcome === 'notRun');
  if (lost) throw new Error(`the trial ${lost.id} was lost: ${lost.reason}`);
  return { events, trials: record.trials, kernels: Object.values(record.arms) };
}

/** Writes a scenario into the scratch directory. */
export async function writeScenario(lab: Lab, name: string, text: string): Promise<string> {
  const path = join(lab.scratch, `${name}.yaml`);
  await writeFile(path, text);
  return path;
}

/** From the first event of a kind to the last of another, in seconds. */
export function secondsBetween(run: Run, first: TrialEvent['type'], last: TrialEvent['type']): number {
  const begun = run.events.find((event) => event.type === first);
  const ended = run.events.findLast((event) => event.type === last);
  if (!begun || !ended) throw new Error(`the run told no ${begun ? last : first}`);
  return (Date.parse(ended.at) - Date.parse(begun.at)) / 1000;
}
