// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand, tail } from '../host/index.ts';
import type { RunEvent, TrialResult } from '../model/index.ts';
import type { Lab } from './lab.ts';

/** A finished `ktrial run`, from the outside: what a user has of it. */
export interface Run {
  readonly events: readonly RunEvent[];
  readonly trials: readonly TrialResult[];
  /** Trials that the lab lost, or that never began. */
  readonly lost: readonly TrialResult[];
  /** Digests of the kernels that were compared. */
  readonly kernels: readonly string[];
}

/** Exit codes of a run that came to a verdict; a reference series may be wrong, and a verdict may be inconclusive. */
const VERDICTS = [0, 1, 69];

/** Runs `ktrial run` to its verdict, whatever that is. Rejects when there is none. */
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
  const record = await readRecord(join(directory, 'record.json'));
  if (!VERDICTS.includes(exitCode) || !record)
    throw new Error(`ktrial run ended with ${exitCode}: ${tail(stderr, 3).join('; ')}`);
  const events = (await readFile(join(directory, 'events.ndjson'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RunEvent);
  const lost = record.trials.filter((trial) => trial.blame === 'lab' || trial.outcome === 'notRun');
  return { events, trials: record.trials, lost, kernels: Object.values(record.arms) };
}

interface Account {
  readonly trials: readonly TrialResult[];
  readonly arms: Readonly<Record<string, string>>;
}

/** A run's record; null where it wrote none. */
async function readRecord(path: string): Promise<Account | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as Account);
}

/** Writes a scenario into the scratch directory. */
export async function writeScenario(lab: Lab, name: string, text: string): Promise<string> {
  const path = join(lab.scratch, `${name}.yaml`);
  await writeFile(path, text);
  return path;
}

/** From the first event of a kind to the last of another, in seconds. */
export function secondsBetween(run: Run, first: RunEvent['type'], last: RunEvent['type']): number {
  const begun = run.events.find((event) => event.type === first);
  const ended = run.events.findLast((event) => event.type === last);
  if (!begun || !ended) throw new Error(`the run told no ${begun ? last : first}`);
  return (Date.parse(ended.at) - Date.parse(begun.at)) / 1000;
}
