// SPDX-License-Identifier: MIT
import { makeLog } from '../bench/log.ts';
import { createScanner } from './index.ts';

/** Measures the scanner on generated logs: `node dist/harness/splat/scan.bench.js [megabytes of the large stream]`. */

const MIB = 1024 * 1024;
const CHUNK = 64 * 1024;

function scan(
  log: Buffer,
  times = 1,
): { readonly seconds: number; readonly splats: number; readonly dropped: number } {
  const begin = performance.now();
  const scanner = createScanner();
  for (let round = 0; round < times; round += 1)
    for (let at = 0; at < log.length; at += CHUNK) scanner.push(log.subarray(at, at + CHUNK));
  const splats = scanner.end().length;
  return { seconds: (performance.now() - begin) / 1000, splats, dropped: scanner.dropped };
}

function say(words: string): void {
  process.stdout.write(`${words}\n`);
}

const rate = (bytes: number, seconds: number) => `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`;

const large = Number(process.argv[2] ?? 1024);
scan(makeLog(8 * MIB, 0.5));
const quiet = makeLog(64 * MIB, 0);
scan(quiet);
const quietRun = scan(quiet);
say(`quiet log, 64 MiB          ${rate(quiet.length, quietRun.seconds)}, ${quietRun.splats} splats`);
const single = makeLog(24 * MIB, 0.5);
const double = makeLog(48 * MIB, 0.5);
const first = scan(single);
const second = scan(double);
say(
  `half reports, 48 MiB       ${rate(double.length, second.seconds)}, ${second.splats} splats kept, ${second.dropped} told only`,
);
say(
  `time(2N) / time(N)         ${((second.seconds / first.seconds) * (single.length / double.length) * 2).toFixed(2)}`,
);
const stream = makeLog(16 * MIB, 0.5);
const rounds = Math.round((large * MIB) / stream.length);
const flood = scan(stream, rounds);
say(
  `half reports, ${large} MiB     ${rate(stream.length * rounds, flood.seconds)}, peak memory of this process ${(
    process.resourceUsage().maxRSS / 1024
  ).toFixed(0)} MiB`,
);
