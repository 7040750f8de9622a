// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { SCAN_PROPERTIES, type ScanProperty } from './properties.fuzz.ts';

/** Looks for a log that breaks one of the scanner's properties: `node dist/harness/splat/scan.fuzz.js [seconds]`. */

const RUNS = 200;

/** What is wrong with a log; an exception is wrong as well. */
function judge(property: ScanProperty, log: string, places: readonly number[]): string | null {
  try {
    return property.check(log, places);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** Leaves out lines, then characters, as long as the log stays wrong. */
function shrink(property: ScanProperty, log: string, places: readonly number[]): string {
  let parts = log.split(/(?<=\n)/);
  for (const cut of [/(?<=\n)/, /(?<= )/, /(?:)/]) {
    parts = parts.join('').split(cut);
    for (let size = Math.ceil(parts.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2))
      for (let at = 0; at < parts.length; ) {
        const fewer = parts.toSpliced(at, size);
        if (judge(property, fewer.join(''), places) === null) at += size;
        else parts = fewer;
      }
  }
  return parts.join('');
}

const seconds = Number(process.argv[2] ?? 60);
const until = Date.now() + seconds * 1000;
let seed = Date.now() & 0x7fff_ffff;
let tried = 0;
while (Date.now() < until && process.exitCode === undefined) {
  for (const property of SCAN_PROPERTIES) {
    const details = fc.check(
      fc.property(property.inputs, ([log, places]) => judge(property, log, places) === null),
      { seed, numRuns: RUNS, endOnFailure: true },
    );
    tried += details.numRuns;
    if (!details.failed || details.counterexample === null) continue;
    const [[log, places]] = details.counterexample;
    const smallest = shrink(property, log, places);
    process.stdout.write(
      [
        `not so: ${property.name}`,
        `seed ${seed}, places ${JSON.stringify(places)}, one character a byte:`,
        JSON.stringify(smallest),
        String(judge(property, smallest, places)).slice(0, 2000),
        '',
      ].join('\n'),
    );
    process.exitCode = 1;
    break;
  }
  seed += 1;
}
process.stdout.write(`${tried} logs tried\n`);
