// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CACHE_HOME, PROJECT_ROOT } from '../testing/index.ts';

/**
 * Kills `ktrial run` with SIGKILL at random moments and resumes it: the verdict is that of an undisturbed run, no trial is
 * counted twice, and nothing is left over. Usage: kill.js [KILLS] [SEED]; exit code 1 when any of it does not hold.
 */

const KILLS = Number(process.argv[2] ?? 30);
const SEED = Number(process.argv[3] ?? 1);
const TRIALS = 12;
const MAIN = join(PROJECT_ROOT, 'dist/harness/cli/main.js');
const SCENARIO = `name: nothing
description: a machine comes up and one command does nothing
machine: { memoryMib: 512 }
steps:
  - run: 'true'
`;

const home = mkdtempSync(join(tmpdir(), 'ktrial-killed-'));
const temporary = join(home, 'tmp');
mkdirSync(temporary);
writeFileSync(join(home, 'nothing.yaml'), SCENARIO);
const env = {
  ...process.env,
  XDG_CACHE_HOME: CACHE_HOME,
  XDG_STATE_HOME: home,
  TMPDIR: temporary,
  NO_COLOR: '1',
};

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs ktrial; after `killAfterMs` it is killed. */
async function ktrial(args: readonly string[], killAfterMs?: number): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env,
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) started.add(child.pid);
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const code = await ended;
  clearTimeout(timer);
  return { code, out, err };
}

const runArgs = (directory: string) => [
  'run',
  ...['--kernel', 'smoke-5.10', '--scenarios', join(home, 'nothing.yaml')],
  ...['--repeat', String(TRIALS), '--run-directory', directory],
];

/** What a run came to: its verdict, and each trial's outcome. */
function verdictOf(directory: string): string {
  const record = JSON.parse(readFileSync(join(directory, 'record.json'), 'utf8'));
  return JSON.stringify([
    record.verdict?.comparison,
    record.verdict?.exitCode,
    record.trials.map((trial: { id: string; result: { outcome: string } | null }) => [
      trial.id,
      trial.result?.outcome,
    ]),
  ]);
}

/** How often each trial ended in a journal. */
function endsOf(directory: string): Map<string, number> {
  const ends = new Map<string, number>();
  for (const line of readFileSync(join(directory, 'journal.ndjson'), 'utf8').trimEnd().split('\n')) {
    const event = JSON.parse(line);
    if (event.type === 'trialEnded') ends.set(event.trial, (ends.get(event.trial) ?? 0) + 1);
  }
  return ends;
}

/** Processes that work on our directory. */
function findProcesses(): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
  )) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      if (line.includes(home)) found.push(`process ${pid}: ${line.slice(0, 120)}`);
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

/** Process ids of every ktrial that was started here. */
const started = new Set<number>();

/** Files of ours outside the run's own directory: scratch directories, sockets, shared memory. Their names have our ids. */
function findFiles(): string[] {
  const short = ['/tmp', '/dev/shm', `/run/user/${process.getuid?.() ?? 0}`];
  const ours = (directory: string) => {
    try {
      return readdirSync(directory)
        .filter((name) => started.has(Number(/^ktrial-[a-z-]+-(\d+)-/.exec(name)?.[1])))
        .map((name) => join(directory, name));
    } catch {
      return [];
    }
  };
  return [...readdirSync(temporary).map((name) => join(temporary, name)), ...short.flatMap(ours)];
}

let failures = 0;
const check = (what: string, holds: boolean, details = '') => {
  if (holds) return;
  failures += 1;
  process.stdout.write(`FAILED ${what}${details === '' ? '' : `: ${details}`}\n`);
};

/** Numbers from 0 to 1 that follow from the seed. */
function* randomNumbers(seed: number): Generator<number> {
  for (let state = seed >>> 0 || 1; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

const left = findFiles;
const reference = join(home, 'reference');
await ktrial(runArgs(join(home, 'warm')));
const startedAt = performance.now();
const whole = await ktrial(runArgs(reference));
const wholeMs = performance.now() - startedAt;
check('the undisturbed run', whole.code === 0, `${whole.code}\n${whole.err}`);
check('nothing is left over by an undisturbed run', left().length === 0, left().join(', '));
process.stdout.write(`undisturbed: ${(wholeMs / 1000).toFixed(1)} s, ${TRIALS} trials\n`);

const random = randomNumbers(SEED);
for (let kill = 1; kill <= KILLS; kill += 1) {
  const directory = join(home, `run-${kill}`);
  const afterMs = Math.round((random.next().value ?? 0) * wholeMs);
  const killed = await ktrial(runArgs(directory), afterMs);
  // The kernel ends children a moment after their parent.
  await sleep(300);
  const orphans = findProcesses();
  check(`kill ${kill} at ${afterMs} ms: children die with ktrial`, orphans.length === 0, orphans.join('; '));
  const resumed = await ktrial(['resume', directory, '-o', 'tap']);
  const again = /RUN_UNKNOWN|RUN_NOT_STARTED/.test(resumed.err);
  if (again) rmSync(directory, { recursive: true, force: true });
  const last = again ? await ktrial(runArgs(directory)) : resumed;
  check(
    `kill ${kill} at ${afterMs} ms: the exit code`,
    last.code === whole.code,
    `${last.code}\n${last.err}`,
  );
  if (last.code !== whole.code) continue;
  check(`kill ${kill} at ${afterMs} ms: the verdict`, verdictOf(directory) === verdictOf(reference));
  const twice = [...endsOf(directory)].filter(([, count]) => count !== 1).map(([id]) => id);
  check(`kill ${kill} at ${afterMs} ms: no trial is counted twice`, twice.length === 0, twice.join(', '));
  check(`kill ${kill} at ${afterMs} ms: nothing is left over`, left().length === 0, left().join(', '));
  const lost = findProcesses();
  check(`kill ${kill} at ${afterMs} ms: no process is left`, lost.length === 0, lost.join('; '));
  process.stdout.write(
    `kill ${kill} at ${afterMs} ms: ${killed.code === null ? 'killed' : `ended ${killed.code}`}, resumed ${again ? 'by a new start' : `in ${endsOf(directory).size} trials`}\n`,
  );
  rmSync(directory, { recursive: true, force: true });
}
rmSync(home, { recursive: true, force: true });
process.stdout.write(`${KILLS} kills, ${failures} failures\n`);
process.exitCode = failures > 0 ? 1 : 0;
