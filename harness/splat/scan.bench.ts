// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeLog } from '../bench/log.ts';
import { createScanner } from './index.ts';
import { HEADLINE_WORDS } from './kind.ts';

/**
 * Measures the scanner on generated logs: `node dist/harness/splat/scan.bench.js [megabytes of the large stream]`. Beside
 * the rate by the clock stands the rate by the processor's time, which other work on the same computer disturbs less. The
 * last lines compare it, and `ktrial scan --json` as a whole process, with `grep -E` on the words of all headlines, run in
 * turn on the same files.
 */

const MIB = 1024 * 1024;
const CHUNK = 64 * 1024;

interface Run {
  readonly bytes: number;
  /** By the clock. */
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly splats: number;
  readonly dropped: number;
}

function scan(log: Buffer, times = 1): Run {
  const begin = performance.now();
  const used = process.cpuUsage();
  const scanner = createScanner();
  for (let round = 0; round < times; round += 1)
    for (let at = 0; at < log.length; at += CHUNK) scanner.push(log.subarray(at, at + CHUNK));
  const splats = scanner.end().length;
  const { user, system } = process.cpuUsage(used);
  return {
    bytes: log.length * times,
    seconds: (performance.now() - begin) / 1000,
    processorSeconds: (user + system) / 1e6,
    splats,
    dropped: scanner.dropped,
  };
}

function say(what: string, words: string): void {
  process.stdout.write(`${what.padEnd(28)}${words}\n`);
}

function printRun(what: string, run: Run): void {
  const rate = (seconds: number) => (run.bytes / 1e6 / seconds).toFixed(0);
  say(
    what,
    `${rate(run.seconds)} MB/s, ${rate(run.processorSeconds)} MB a second of processor time, ${run.splats} splats kept, ${run.dropped} counted only`,
  );
}

const middle = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const large = Number(process.argv[2] ?? 1024);
// First, so that no other log is in the memory that is measured.
const block = makeLog(4 * MIB, 0.5);
const flood = scan(block, Math.round((large * MIB) / block.length));
const peak = (process.resourceUsage().maxRSS / 1024).toFixed(0);
printRun(`half reports, ${large} MiB`, flood);
say('', `peak memory of the whole process ${peak} MiB`);
const quiet = makeLog(64 * MIB, 0);
scan(quiet);
printRun('quiet log, 64 MiB', scan(quiet));
const single = makeLog(16 * MIB, 0.5);
const double = makeLog(32 * MIB, 0.5);
printRun('half reports, 32 MiB', scan(double));
const ratios = Array.from({ length: 5 }, () => {
  const [one, two] = [scan(single), scan(double)];
  return (two.processorSeconds / one.processorSeconds) * ((2 * one.bytes) / two.bytes);
});
say('time(2N) / time(N)', `${middle(ratios).toFixed(2)}, of ${ratios.length} measurements the middle one`);

const directory = mkdtempSync(join(tmpdir(), 'ktrial-bench-'));
const pattern = HEADLINE_WORDS.map((words) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');

/** Seconds that `grep` takes to count the lines with a headline's words. */
function grep(file: string): number {
  const begin = performance.now();
  const { status, stderr } = spawnSync('grep', ['-a', '-c', '-E', pattern, file], {
    env: { ...process.env, LC_ALL: 'C' },
    encoding: 'utf8',
  });
  if (status !== 0 && status !== 1) throw new Error(`grep ended with ${status}: ${stderr}`);
  return (performance.now() - begin) / 1000;
}

const main = fileURLToPath(new URL('../cli/main.js', import.meta.url));

/** Seconds that `ktrial scan --json` takes for a file, from its start to its end. */
function runScan(file: string): number {
  const begin = performance.now();
  const { status } = spawnSync(process.execPath, [main, 'scan', '--json', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`ktrial scan ended with ${status}`);
  return (performance.now() - begin) / 1000;
}

for (const [what, bytes, share] of [
  ['quiet log, 200 MB', 200e6, 0],
  ['half reports, 100 MB', 100e6, 0.5],
] as const) {
  const file = join(directory, 'log');
  const log = makeLog(bytes, share);
  writeFileSync(file, log);
  grep(file);
  const pairs = Array.from({ length: 5 }, () => {
    const [whole, compared, parse] = [runScan(file), grep(file), scan(log).seconds];
    return { whole, compared, parse };
  });
  say(
    what,
    `as a whole process ${(log.length / 1e6 / middle(pairs.map((one) => one.whole))).toFixed(0)} MB/s`,
  );
  const ratio = (name: 'whole' | 'parse') => middle(pairs.map((one) => one.compared / one[name])).toFixed(2);
  say(
    '',
    `against grep -E: the parse ${ratio('parse')} times as fast, the whole process ${ratio('whole')}; of ${pairs.length} runs in turn the middle ones`,
  );
}
rmSync(directory, { recursive: true });
