// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gradeLog, scanLog } from '../splat/index.ts';
import { readMarkedLog, writeMarkedLog } from './marked.ts';
import { PROJECT_ROOT } from './root.ts';

/**
 * Provokes the kernel in every way that scenarios/provoke knows, and rewrites the logs in harness/splat/testdata by what
 * it said. The head of a log, which a person wrote, stays; a log that is new gets a head that fits nothing, so that
 * somebody must look at it. Fails when a trial failed, when a log is not read as its head says, or when it lacks what
 * the self-test of the kernel's own sources wants to see. Usage: golden.js [--jobs N] [kernel…]
 */

const PACK: Readonly<Record<string, readonly string[]>> = {
  'provoke-5.10': ['lkdtm', 'lkdtm-5.10', 'detector'],
  'provoke-6.12': ['lkdtm', 'lkdtm-6.12', 'detector'],
  'provoke-kasan-5.10': ['kasan', 'kasan-5.10'],
  'provoke-kasan-6.12': ['kasan', 'kasan-6.12'],
};

/** Logs that are kept from the first line on; of the others, what comes before the first program is of no use. */
const WHOLE = /lkdtm-(?:panic|oops|hung-task)|lockdep/;

const TESTDATA = join(PROJECT_ROOT, 'harness/splat/testdata');
const KTRIAL = join(PROJECT_ROOT, 'dist/harness/cli/main.js');

interface Trial {
  readonly directory: string;
  readonly scenario: string;
  readonly outcome: string;
  readonly reason: string;
}

function runKtrial(args: readonly string[]): string {
  const { stdout, status } = spawnSync(process.execPath, [KTRIAL, ...args], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0 && status !== 1) throw new Error(`ktrial ${args.join(' ')} ended with ${status}`);
  return stdout;
}

/** What the sources' list for their self-test wants in the log, by crash type. It skips what ends the machine. */
function readControls(kernel: string): ReadonlyMap<string, string> {
  const { kernels } = JSON.parse(runKtrial(['build', '--kernel', kernel, '--json'])) as {
    readonly kernels: { readonly base: { readonly source: string; readonly commit: string } };
  };
  const list = spawnSync(
    'git',
    ['-C', kernels.base.source, 'show', `${kernels.base.commit}:tools/testing/selftests/lkdtm/tests.txt`],
    { encoding: 'utf8' },
  ).stdout;
  const rows = list.split('\n').map((line) => /^([A-Z]\w+)(?: +(.*))?$/.exec(line));
  // Where the list says nothing, the self-test wants a trace.
  return new Map(rows.flatMap((row) => (row?.[1] ? [[row[1], row[2] || 'call trace:'] as const] : [])));
}

function readTrials(runDirectory: string): Trial[] {
  return readdirSync(runDirectory)
    .map((name) => join(runDirectory, name))
    .filter((directory) => existsSync(join(directory, 'trial.json')))
    .map(
      (directory) =>
        ({ directory, ...JSON.parse(readFileSync(join(directory, 'trial.json'), 'utf8')) }) as Trial,
    );
}

/** From the first program on, behind the line that names the kernel. */
function cutBoot(log: string): string {
  const lines = log.replaceAll('\r', '').split('\n');
  const first = lines.findIndex((line) => /\] Linux version /.test(line));
  const program = lines.findIndex((line) => /\] Run \S+ as init process/.test(line));
  return [...lines.slice(first, first + 2), ...lines.slice(program)].join('\n');
}

/** What is wrong with one log. */
function judgeLog(name: string, text: string): string[] {
  const { titles, control, log } = readMarkedLog(text);
  const row = gradeLog(name, text);
  const roots = scanLog(Buffer.from(log, 'latin1')).filter((splat) => splat.follows === null);
  const got = [...new Set(roots.map((splat) => splat.title))];
  const wrong: string[] = [];
  const say = (what: string, expected: unknown, found: unknown) => {
    if (expected !== found) wrong.push(`${what}: ${found}, and its head says ${expected}`);
  };
  say('titles', titles.join(' | '), got.join(' | '));
  if (titles.length > 0) say('type', row.typeExpected, row.typeGot);
  if (row.culpritExpected !== null) say('culprit', row.culpritExpected, row.culpritGot);
  say('corrupted', row.corruptedExpected, row.corruptedGot);
  say('panicked', row.panickedExpected, row.panickedGot);
  if (control !== null && !new RegExp(control, 'i').test(log)) wrong.push(`it lacks /${control}/`);
  return wrong;
}

function rewriteLogs(kernel: string, jobs: string): string[] {
  const wrong: string[] = [];
  const controls = readControls(kernel);
  const scratch = mkdtempSync(join(tmpdir(), 'ktrial-golden-'));
  const directories = (PACK[kernel] ?? [])
    .map((name) => join('scenarios/provoke', name))
    .filter((path) => existsSync(join(PROJECT_ROOT, path)));
  const args = [
    '--kernel',
    kernel,
    '--scenarios',
    ...directories,
    '--jobs',
    jobs,
    '--run-directory',
    scratch,
  ];
  runKtrial(['run', ...args]);
  const seen = new Set<string>();
  for (const trial of readTrials(scratch)) {
    const name = `${kernel}-${trial.scenario.replace(/@\w+=/g, '-')}.log`;
    if (trial.outcome !== 'passed') wrong.push(`${name}: the trial ${trial.outcome}: ${trial.reason}`);
    const type = /@type=(\w+)/.exec(trial.scenario)?.[1] ?? '';
    seen.add(type);
    const raw = readFileSync(join(trial.directory, 'console.log'), 'latin1');
    const log = WHOLE.test(name) ? raw.replaceAll('\r', '') : cutBoot(raw);
    const control = kernel.includes('kasan') ? undefined : controls.get(type);
    const path = join(TESTDATA, name);
    const old = existsSync(path)
      ? readMarkedLog(readFileSync(path, 'latin1')).head
      : ['TITLE: not looked at yet'];
    const head = [
      ...old.filter((line) => !line.startsWith('CONTROL:')),
      ...(control === undefined || /XFAIL:/.test(log) ? [] : [`CONTROL: ${control}`]),
    ];
    const text = writeMarkedLog(head, log);
    writeFileSync(path, text, 'latin1');
    wrong.push(...judgeLog(name, text).map((what) => `${name}: ${what}`));
  }
  if (!kernel.includes('kasan'))
    for (const type of controls.keys())
      if (!seen.has(type)) process.stdout.write(`${kernel}: no scenario provokes ${type}\n`);
  if (wrong.length === 0) rmSync(scratch, { recursive: true });
  else process.stdout.write(`the trials are in ${scratch}\n`);
  return wrong;
}

const words = process.argv.slice(2);
const jobs = words[0] === '--jobs' ? (words.splice(0, 2)[1] ?? '1') : '2';
const wrong = (words.length > 0 ? words : Object.keys(PACK)).flatMap((kernel) => rewriteLogs(kernel, jobs));
process.stdout.write(wrong.length === 0 ? 'every log is read as its head says\n' : `${wrong.join('\n')}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
