// SPDX-License-Identifier: MIT
import { createScanner } from '../splat/index.ts';
import type { Bench } from './figure.ts';
import { makeLog } from './log.ts';

const MIB = 1024 * 1024;
/** As QEMU's console comes. */
const CHUNK = 64 * 1024;
const SIZE = 32 * MIB;

/** The scanner on generated logs; the first round warms the compiler of V8 up and is not counted. */
export const scanBench: Bench = {
  gauges: [
    { name: 'scan.quiet', unit: 'MB/s', title: 'a log without complaints is scanned, 32 MiB' },
    { name: 'scan.quietCpu', unit: 'MB/s', title: 'the same, per second of processor time' },
    { name: 'scan.mixed', unit: 'MB/s', title: 'a log that is half reports is scanned, 32 MiB' },
    { name: 'scan.mixedCpu', unit: 'MB/s', title: 'the same, per second of processor time' },
  ],
  async measure(lab, take, wants) {
    for (const [name, share] of [
      ['scan.quiet', 0],
      ['scan.mixed', 0.5],
    ] as const) {
      if (!wants(name) && !wants(`${name}Cpu`)) continue;
      const log = makeLog(SIZE, share);
      const megabytes = log.length / 1e6;
      const measure = () => {
        const begun = performance.now();
        const before = process.cpuUsage();
        const scanner = createScanner();
        for (let at = 0; at < log.length; at += CHUNK) scanner.push(log.subarray(at, at + CHUNK));
        const found = scanner.end().length;
        if (found > 0 !== share > 0) throw new Error(`${found} splats were found, which cannot be`);
        const { user, system } = process.cpuUsage(before);
        return { seconds: (performance.now() - begun) / 1000, cpuSeconds: (user + system) / 1e6 };
      };
      measure();
      for (let round = lab.count(5); round > 0; round -= 1) {
        lab.signal.throwIfAborted();
        const { seconds, cpuSeconds } = measure();
        take(name, megabytes / seconds);
        take(`${name}Cpu`, megabytes / cpuSeconds);
      }
    }
  },
};
