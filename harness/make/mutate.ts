// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { PROJECT_ROOT } from '../testing/index.ts';
import { EQUIVALENT_MUTANTS, type EquivalentMutant } from './mutants.ts';

/**
 * Changes the code of the rooms that decide, one expression at a time, and counts how many changes the fast tests of the
 * same room notice. Prints the survivors, and closes with `ROOM SCORE` a line. Exit code 1 if a score is below its target.
 * Usage: mutate.js [ROOM | ROOM/FILE.ts]…
 */

interface MutatedRoom {
  /** Files of the room; all that are not tests if absent. */
  readonly files?: readonly string[];
  /** Test files of the room that cover them, compiled; all fast ones if absent. */
  readonly tests?: readonly string[];
  /** Test files that take too long to run for every mutant. */
  readonly except?: readonly string[];
  /** Test files that run after all others: most mutants die before them. */
  readonly last?: readonly string[];
  /** In per cent. */
  readonly target: number;
}

const ROOMS: Readonly<Record<string, MutatedRoom>> = {
  verdict: { target: 85 },
  campaign: {
    except: ['kill.test.js'],
    last: ['inputs.test.js', 'name-lines.test.js', 'run.test.js', 'local.test.js', 'build.test.js'],
    target: 85,
  },
  trial: { target: 75 },
  splat: {
    files: ['follow.ts', 'truncation.ts', 'signature.ts', 'report.ts'],
    tests: ['follow.test.js', 'truncation.test.js', 'signature.test.js', 'report.test.js'],
    target: 75,
  },
};

type Mutant = Awaited<ReturnType<Stryker['runMutationTest']>>[number];

interface Score {
  readonly room: string;
  readonly percent: number;
  readonly target: number;
}

function listFiles(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
}

/** The fast tests of a room. Those named after the mutated files run first: they kill most mutants. */
function findTests(room: string, only: readonly string[]): string[] {
  const directory = join(PROJECT_ROOT, 'dist/harness', room);
  const { tests, except = [], last = [] } = ROOMS[room] ?? {};
  const own = only.map((file) => relative(`harness/${room}`, file).replace(/\.ts$/, '.test.js'));
  const rank = (path: string) => (own.includes(path) ? 0 : last.includes(path) ? 2 : 1);
  return (tests ?? listFiles(directory).filter((path) => path.endsWith('.test.js')))
    .filter((path) => !path.endsWith('.vm.test.js') && !except.includes(path))
    .sort((a, b) => rank(a) - rank(b))
    .map((path) => `./dist/harness/${room}/${path}`);
}

function findSources(room: string): string[] {
  const directory = join(PROJECT_ROOT, 'harness', room);
  const sources =
    ROOMS[room]?.files ??
    listFiles(directory).filter(
      (path) => path.endsWith('.ts') && !/\.(?:test|fuzz|bench)\.ts$|(?:^|\/)index\.ts$/.test(path),
    );
  return sources.map((path) => `harness/${room}/${path}`);
}

/** Modules are not linked into the copy before it is compiled. */
const COMPILER = join(PROJECT_ROOT, 'node_modules/typescript/bin/tsc');

const FAST_BUILD =
  '--noCheck --declaration false --sourceMap false --incremental false --tsBuildInfoFile null';

/** All tests of a room run in one process, which ends at the first failure. */
function runRoom(files: readonly string[], tests: readonly string[]): Promise<Mutant[]> {
  const imports = tests.map((path) => `--import ${path}`).join(' ');
  return new Stryker({
    mutate: [...files],
    testRunner: 'command',
    commandRunner: { command: `TAP_BAIL=1 node ${imports} -e ""` },
    buildCommand: `node ${COMPILER} -p tsconfig.json ${FAST_BUILD}`,
    checkers: [],
    disableTypeChecks: false,
    reporters: [],
    concurrency: 2,
    timeoutMS: 10_000,
    tempDirName: '.build/mutants',
    ignorePatterns: ['.build', '.tap', 'docs', 'CHANGELOG.md'],
    logLevel: 'error' as never,
    allowConsoleColors: false,
  }).runMutationTest();
}

/** The source line on which a mutant begins. */
function lineOf(mutant: Mutant): string {
  return readFileSync(mutant.fileName, 'utf8').split('\n')[mutant.location.start.line - 1]?.trim() ?? '';
}

const flat = (text: string) => text.replace(/\s+/g, ' ');

function isEquivalent(mutant: Mutant, known: EquivalentMutant): boolean {
  return (
    known.file === relative(PROJECT_ROOT, mutant.fileName) &&
    known.line === lineOf(mutant) &&
    flat(known.replacement) === flat(mutant.replacement)
  );
}

function describeMutant(mutant: Mutant): string {
  const { line, column } = mutant.location.start;
  const place = `${relative(PROJECT_ROOT, mutant.fileName)}:${line}:${column}`;
  return `${place} ${mutant.status}: ${lineOf(mutant)}\n    → ${flat(mutant.replacement)}`;
}

async function scoreRoom(room: string, only: readonly string[]): Promise<Score> {
  const { target = 0 } = ROOMS[room] ?? {};
  const tests = findTests(room, only);
  const files = only.length > 0 ? only : findSources(room);
  if (tests.length === 0) {
    process.stdout.write(`${room}: it has no fast test\n`);
    return { room, percent: 0, target };
  }
  const mutants = (await runRoom(files, tests)).filter(({ status }) => status !== 'Ignored');
  const alive = mutants.filter(({ status }) => status !== 'Killed' && status !== 'Timeout');
  const known = EQUIVALENT_MUTANTS.filter((one) => files.includes(one.file));
  const excused = alive.filter((mutant) => known.some((one) => isEquivalent(mutant, one)));
  const stale = known.filter((one) => !alive.some((mutant) => isEquivalent(mutant, one)));
  for (const one of stale)
    process.stdout.write(`${one.file}: no longer a survivor, remove it from mutants.ts: ${one.line}\n`);
  for (const mutant of alive)
    if (!excused.includes(mutant)) process.stdout.write(`${describeMutant(mutant)}\n`);
  const counted = mutants.length - excused.length;
  const killed = mutants.length - alive.length;
  process.stdout.write(`${room}: ${killed} of ${counted} mutants killed, ${excused.length} are equivalent\n`);
  return { room, percent: counted === 0 ? 100 : (100 * killed) / counted, target };
}

const args = process.argv.slice(2);
const rooms = args.length > 0 ? [...new Set(args.map((arg) => arg.replace(/\/.*/, '')))] : Object.keys(ROOMS);
const scores: Score[] = [];
for (const room of rooms) {
  const only = args.filter((arg) => arg.startsWith(`${room}/`)).map((arg) => `harness/${arg}`);
  scores.push(await scoreRoom(room, only));
}
for (const { room, percent, target } of scores) {
  if (percent < target) process.exitCode = 1;
  process.stdout.write(`${room} ${percent.toFixed(1)}\n`);
}
