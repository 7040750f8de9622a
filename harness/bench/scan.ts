// SPDX-License-Identifier: MIT
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../host/index.ts';
import { createScanner } from '../splat/index.ts';
import type { Bench, Take } from './figure.ts';
import type { Lab } from './lab.ts';
import { makeLog } from './log.ts';

const MIB = 1024 * 1024;
/** As QEMU's console comes. */
const CHUNK = 64 * 1024;
const SIZE = 32 * MIB;
/** A flood is this block again and again. */
const BLOCK = 4 * MIB;
const FLOOD = 1024 * MIB;
/** What `ktrial scan --json` prints of a log without complaints is shorter. */
const SHORTEST_ANSWER = 1000;

/** Logs as files, that `ktrial scan --json` reads as a whole process. */
const FILES = [
  { name: 'scan.quietProcess', bytes: 200e6, share: 0 },
  { name: 'scan.mixedProcess', bytes: 100e6, share: 0.5 },
] as const;

/** The scanner on generated logs. The first round warms V8's compiler up and is not counted. */
export const scanBench: Bench = {
  gauges: [
    { name: 'scan.quiet', unit: 'MB/s', title: 'scan a log without complaints, 32 MiB' },
    { name: 'scan.quietCpu', unit: 'MB/s', title: 'the same, per second of processor time' },
    { name: 'scan.mixed', unit: 'MB/s', title: 'scan a log that is half reports, 32 MiB' },
    { name: 'scan.mixedCpu', unit: 'MB/s', title: 'the same, per second of processor time' },
    {
      name: 'scan.quietProcess',
      unit: 'MB/s',
      title: '`ktrial scan --json` as a whole on a file without complaints, 200 MB',
    },
    {
      name: 'scan.mixedProcess',
      unit: 'MB/s',
      title: 'the same on a file that is half reports, 100 MB',
    },
    { name: 'scan.flood', unit: 'MB/s', title: 'scan a stream that is half reports, 1 GiB' },
    {
      name: 'scan.flood.memory',
      unit: 'MiB',
      title: 'resident memory that this adds to the process at most',
    },
  ],
  async measure(lab, take, wants) {
    // First, so that no other log is in the memory that is measured.
    if (wants('scan.flood') || wants('scan.flood.memory'))
      for (let round = lab.count(1); round > 0; round -= 1) measureFlood(lab, take);
    for (const [name, share] of [
      ['scan.quiet', 0],
      ['scan.mixed', 0.5],
    ] as const) {
      if (!wants(name) && !wants(`${name}Cpu`)) continue;
      const log = makeLog(SIZE, share);
      const megabytes = log.length / 1e6;
      measureLog(log, share > 0);
      for (let round = lab.count(5); round > 0; round -= 1) {
        lab.signal.throwIfAborted();
        const { seconds, cpuSeconds } = measureLog(log, share > 0);
        take(name, megabytes / seconds);
        take(`${name}Cpu`, megabytes / cpuSeconds);
      }
    }
    for (const { name, bytes, share } of FILES) {
      if (!wants(name)) continue;
      const log = makeLog(bytes, share);
      const file = join(lab.scratch, 'log');
      await writeFile(file, log);
      // The first round puts the file into the page cache.
      await timeProcess(lab, file, share > 0);
      for (let round = lab.count(5); round > 0; round -= 1)
        take(name, log.length / 1e6 / (await timeProcess(lab, file, share > 0)));
    }
  },
};

/** Seconds that `ktrial scan --json` takes for a file. */
async function timeProcess(lab: Lab, file: string, hasReports: boolean): Promise<number> {
  const answer = join(lab.scratch, 'answer');
  const main = join(lab.root, 'dist/harness/cli/main.js');
  const words = [process.execPath, main, 'scan', '--json', file];
  const begun = performance.now();
  await runCommand('bash', ['-c', 'answer="$1"; shift; "$@" >"$answer"', 'scan', answer, ...words], {
    signal: lab.signal,
  });
  const seconds = (performance.now() - begun) / 1000;
  const { size } = await stat(answer);
  if (size > SHORTEST_ANSWER !== hasReports)
    throw new Error(`got ${size} bytes of answer, expected ${hasReports ? 'complaints' : 'none'}`);
  return seconds;
}

function measureLog(
  log: Buffer,
  hasReports: boolean,
): { readonly seconds: number; readonly cpuSeconds: number } {
  const begun = performance.now();
  const before = process.cpuUsage();
  const scanner = createScanner();
  for (let at = 0; at < log.length; at += CHUNK) scanner.push(log.subarray(at, at + CHUNK));
  const found = scanner.end().length;
  if (found > 0 !== hasReports)
    throw new Error(`got ${found} splats, expected ${hasReports ? 'some' : 'none'}`);
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - begun) / 1000, cpuSeconds: (user + system) / 1e6 };
}

function measureFlood(lab: Lab, take: Take): void {
  const block = makeLog(BLOCK, 0.5);
  const before = process.memoryUsage.rss();
  const begun = performance.now();
  let most = before;
  const scanner = createScanner();
  for (let scanned = 0; scanned < FLOOD; scanned += block.length) {
    lab.signal.throwIfAborted();
    for (let at = 0; at < block.length; at += CHUNK) scanner.push(block.subarray(at, at + CHUNK));
    most = Math.max(most, process.memoryUsage.rss());
  }
  scanner.end();
  take('scan.flood', FLOOD / 1e6 / ((performance.now() - begun) / 1000));
  take('scan.flood.memory', (most - before) / MIB);
}
