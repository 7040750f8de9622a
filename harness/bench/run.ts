// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand, tail } from '../host/index.ts';
import type { CampaignState, RunEvent, TrialResult } from '../model/index.ts';
import type { Lab } from './lab.ts';

/** A finished `ktrial run`, seen from outside: its journal, its record, and how long the command took. */
export interface Run {
  /** When the process was started, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** From the start of the process to its end. */
  readonly durationMs: number;
  readonly events: readonly RunEvent[];
  /** Results of all trials, controls among them. */
  readonly trials: readonly TrialResult[];
  /** Trials that the lab lost, or that never began. */
  readonly lost: readonly TrialResult[];
  /** Digests of the kernels that were compared. */
  readonly kernels: readonly string[];
}

/** Exit codes of a run that came to a verdict; a reference series may be wrong, and a verdict may be inconclusive. */
const VERDICTS = [0, 1, 69];

/** Runs `ktrial run` to its verdict, whatever that is. Rejects when there is none. */
export async function runKtrial(lab: Lab, args: readonly string[]): Promise<Run> {
  const directory = await mkdtemp(join(lab.scratch, 'run-'));
  const main = join(lab.root, 'dist/harness/cli/main.js');
  const startedAtMs = Date.now();
  const { exitCode, stderr } = await runCommand(
    process.execPath,
    [main, 'run', ...args, '--run-directory', directory],
    {
      accept: 'any',
      signal: lab.signal,
      env: { XDG_CACHE_HOME: dirname(lab.cacheDirectory) },
    },
  );
  const durationMs = Date.now() - startedAtMs;
  const record = await readRecord(join(directory, 'record.json'));
  if (!VERDICTS.includes(exitCode) || !record?.verdict)
    throw new Error(`ktrial run ended with ${exitCode}: ${tail(stderr, 3).join('; ')}`);
  const trials = record.trials.flatMap(({ result }) => (result ? [result] : []));
  return {
    startedAtMs,
    durationMs,
    events: await readJournal(join(directory, 'journal.ndjson')),
    trials,
    lost: trials.filter((trial) => trial.blame === 'lab' || trial.outcome === 'notRun'),
    kernels: record.arms.flatMap(({ kernel }) => (kernel ? [kernel.digest] : [])),
  };
}

/** A run's record; null where it wrote none. */
async function readRecord(path: string): Promise<CampaignState | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as CampaignState);
}

async function readJournal(path: string): Promise<RunEvent[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as RunEvent);
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
  if (!begun || !ended) throw new Error(`the journal has no ${begun ? last : first}`);
  return (Date.parse(ended.at) - Date.parse(begun.at)) / 1000;
}

/** From the start of the process to the first event of a kind, in seconds. */
export function secondsUntil(run: Run, type: RunEvent['type']): number {
  const event = run.events.find((one) => one.type === type);
  if (!event) throw new Error(`the journal has no ${type}`);
  return (Date.parse(event.at) - run.startedAtMs) / 1000;
}
