// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { readRun } from '../campaign/index.ts';
import { Fault, type PatchRow } from '../model/index.ts';
import { gridPatches } from '../verdict/index.ts';

/**
 * Compares the grids of runs, cell by cell: each later run with the first, where both judged the scenario on the arm. Runs may have other
 * arms or scenarios than the first, such as base and patched alone. Usage: grids.js RUN RUN [RUN]…; exit code 1 when a cell
 * differs, 2 when there is nothing to compare.
 */

interface Grid {
  readonly directory: string;
  readonly arms: readonly string[];
  readonly rows: ReadonlyMap<string, PatchRow>;
}

function refuse(message: string): never {
  process.stderr.write(`grids: ${message}\n`);
  process.exit(2);
}

function readState(directory: string): ReturnType<typeof readRun> {
  try {
    return readRun(resolve(directory));
  } catch (error) {
    if (error instanceof Fault)
      refuse(`${error.message}: name the directory of a run, as \`ktrial list\` shows them`);
    throw error;
  }
}

function readGrid(directory: string): Grid {
  const state = readState(directory);
  const builds = state.arms.flatMap((arm) => (arm.build ? [arm.build] : []));
  const results = state.trials.flatMap(({ result }) => (result ? [result] : []));
  const names = state.plan.scenarios.map(({ name }) => name);
  const { arms, rows } = gridPatches(names, builds, results);
  return { directory, arms, rows: new Map(rows.map((row) => [row.scenario, row])) };
}

/** A skipped cell is an answer too. */
const ANSWERS: readonly string[] = ['good', 'bad', 'skipped'];

function compareGrids(first: Grid, other: Grid): { readonly equal: number; readonly different: string[] } {
  let equal = 0;
  const different: string[] = [];
  for (const [scenario, row] of first.rows) {
    const later = other.rows.get(scenario);
    first.arms.forEach((arm, index) => {
      const [one, two] = [row.states[index], later?.states[other.arms.indexOf(arm)]];
      if (!one || !two || !ANSWERS.includes(one) || !ANSWERS.includes(two)) return;
      if (one === two) equal += 1;
      else different.push(`${scenario} on ${arm}: ${one}, then ${two}`);
    });
    // Who is named is the same question only along the same arms.
    if (later && first.arms.join() === other.arms.join())
      for (const key of ['fixedBy', 'brokenBy'] as const)
        if (row[key] !== later[key])
          different.push(`${scenario}: ${key} ${row[key] ?? 'none'}, then ${later[key] ?? 'none'}`);
  }
  return { equal, different };
}

const [first, ...others] = process.argv.slice(2).map(readGrid);
if (!first || others.length === 0)
  refuse('usage: make grids RUNS="FIRST OTHER …": the directories of two runs or more');
for (const other of others) {
  const { equal, different } = compareGrids(first, other);
  process.stdout.write(`${first.directory}, ${other.directory}: ${equal} cells equal\n`);
  for (const line of different) process.stdout.write(`  ${line}\n`);
  if (equal + different.length === 0) process.exitCode = 2;
  else if (different.length > 0) process.exitCode ||= 1;
}
