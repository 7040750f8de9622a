// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findArmKernel, readRun } from '../campaign/index.ts';
import type { TrialResult } from '../model/index.ts';
import { TEST_CACHE } from '../testing/kernel.ts';
import { readMarkedLog, writeMarkedLog } from '../testing/marked.ts';
import { GOLDEN_LOGS, goldenName, judgeMarkedLog, PROVOKE_PACK, rewriteHead } from '../testing/provoke.ts';
import { PROJECT_ROOT } from '../testing/root.ts';

/**
 * Provokes the kernel in every way that scenarios/provoke knows, and rewrites the logs in harness/splat/testdata by what
 * it said. The head of a log, which a person wrote, stays; a log that is new gets a head that fits nothing, so that
 * somebody must look at it. Fails when a trial failed, when a log is not read as its head says, or when it lacks what
 * the self-test of the kernel's own sources wants to see. Usage: golden.js [--jobs N] [kernel…], or
 * golden.js --from RUN-DIRECTORY kernel for trials that were run before. golden.js --heads runs nothing: it rewrites the
 * heads of the logs that are there by what the scanner finds in them, for a person to read the difference.
 */

/** Logs that are kept from the first line on; of the others, what comes before the first program is of no use. */
const WHOLE = /lkdtm-(?:panic|oops|hung-task)|lockdep/;

const KTRIAL = join(PROJECT_ROOT, 'dist/harness/cli/main.js');

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
async function readControls(runDirectory: string): Promise<ReadonlyMap<string, string>> {
  const kernel = await findArmKernel(readRun(runDirectory), 'base', {
    root: PROJECT_ROOT,
    cacheDirectory: TEST_CACHE,
  });
  if (!kernel) throw new Error(`${runDirectory} has no kernel`);
  const list = spawnSync(
    'git',
    ['-C', kernel.source, 'show', `${kernel.commit}:tools/testing/selftests/lkdtm/tests.txt`],
    { encoding: 'utf8' },
  );
  if (list.status !== 0) throw new Error(list.stderr);
  const rows = list.stdout.split('\n').map((line) => /^([A-Z]\w+)(?: +(.*))?$/.exec(line));
  // Where the list says nothing, the self-test wants a trace.
  return new Map(rows.flatMap((row) => (row?.[1] ? [[row[1], row[2] || 'call trace:'] as const] : [])));
}

/** The trials of a run that ended, without the controls. */
function readTrials(runDirectory: string): readonly TrialResult[] {
  return readRun(runDirectory).trials.flatMap(({ result }) => (result && !result.control ? [result] : []));
}

/** A log as long as this many bytes ends where the next report would begin. */
const LONGEST = 256 * 1024;

function cutTail(log: string): string {
  if (log.length <= LONGEST) return log;
  const kept = log.slice(0, LONGEST).split('\n');
  return `${kept
    .slice(
      0,
      kept.findLastIndex((line) => /\] =+$/.test(line)),
    )
    .join('\n')}\n`;
}

/** From the first program on, behind the line that names the kernel. */
function cutBoot(log: string): string {
  const lines = log.replaceAll('\r', '').split('\n');
  const first = lines.findIndex((line) => /\] Linux version /.test(line));
  const program = lines.findIndex((line) => /\] Run \S+ as init process/.test(line));
  return [...lines.slice(first, first + 2), ...lines.slice(program)].join('\n');
}

function runPack(kernel: string, jobs: string): string {
  const runDirectory = mkdtempSync(join(tmpdir(), 'ktrial-golden-'));
  const scenarios = (PROVOKE_PACK[kernel] ?? []).map((name) => join('scenarios/provoke', name));
  const where = ['--jobs', jobs, '--run-directory', runDirectory];
  runKtrial(['run', '--kernel', kernel, ...scenarios.flatMap((path) => ['--scenarios', path]), ...where]);
  return runDirectory;
}

/** Rewrites the logs of the trials that passed; says what is wrong. */
async function rewriteLogs(kernel: string, runDirectory: string): Promise<string[]> {
  const wrong: string[] = [];
  // The sources' list was written for a kernel without KASAN, which would be the first to speak.
  const controls = /kasan|kcsan|arm64/.test(kernel)
    ? new Map<string, string>()
    : await readControls(runDirectory);
  const seen = new Set<string>();
  for (const { id, scenario, outcome, reason } of readTrials(runDirectory)) {
    const name = goldenName(kernel, scenario);
    const type = /@type=(\w+)/.exec(scenario)?.[1] ?? '';
    seen.add(type);
    if (outcome !== 'passed') {
      wrong.push(`${name}: the trial ${outcome}: ${reason}`);
      continue;
    }
    const raw = readFileSync(join(runDirectory, id, 'console.log'), 'latin1');
    const log = cutTail(WHOLE.test(name) ? raw.replaceAll('\r', '') : cutBoot(raw));
    const control = controls.get(type);
    const path = join(GOLDEN_LOGS, name);
    const old = existsSync(path)
      ? readMarkedLog(readFileSync(path, 'latin1')).head
      : ['TITLE: nobody knows yet'];
    const head = old.filter((line) => !line.startsWith('CONTROL:'));
    if (control !== undefined) head.push(`CONTROL: ${control}`);
    const text = writeMarkedLog(head, log);
    writeFileSync(path, text, 'latin1');
    wrong.push(...judgeMarkedLog(name, text).map((what) => `${name}: ${what}`));
  }
  for (const type of controls.keys())
    if (!seen.has(type)) process.stdout.write(`${kernel}: no dedicated scenario provokes ${type}\n`);
  return wrong;
}

function rewriteHeads(): void {
  for (const name of readdirSync(GOLDEN_LOGS).filter((file) => file.endsWith('.log'))) {
    const path = join(GOLDEN_LOGS, name);
    const old = readFileSync(path, 'latin1');
    if (judgeMarkedLog(name, old).length === 0) continue;
    writeFileSync(path, rewriteHead(name, old), 'latin1');
    process.stdout.write(`${name}: its head is rewritten\n`);
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string', default: '2' }, from: { type: 'string' }, heads: { type: 'boolean' } },
});
if (values.heads) rewriteHeads();
else {
  const wrong: string[] = [];
  for (const kernel of positionals.length > 0 ? positionals : Object.keys(PROVOKE_PACK)) {
    const runDirectory = values.from ?? runPack(kernel, values.jobs);
    process.stdout.write(`${kernel}: the trials are in ${runDirectory}\n`);
    wrong.push(...(await rewriteLogs(kernel, runDirectory)));
  }
  process.stdout.write(wrong.length === 0 ? 'every log is read as its head says\n' : `${wrong.join('\n')}\n`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
