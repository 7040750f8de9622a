// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { CARRIAGES, interleaveLines, mutate, PROJECT_ROOT, SAMPLE_LOGS } from '../testing/index.ts';

/** Logs as they are and as accidents leave them: what the scanner's properties are tried on. */

const TESTDATA = join(PROJECT_ROOT, 'harness/splat/testdata');
/** Real logs beside the project, where there are any. */
const REAL_LOGS = join(PROJECT_ROOT, '../shared/crashlogs');
const LARGEST = 16 * 1024;

/** One character a byte. */
export const SEED_LOGS: readonly string[] = [
  ...SAMPLE_LOGS.map((log) => log.text),
  ...readdirSync(TESTDATA)
    .filter((name) => name.endsWith('.log'))
    .map((name) => readFileSync(join(TESTDATA, name), 'latin1')),
  ...readRealLogs(),
];

function readRealLogs(): string[] {
  if (!existsSync(REAL_LOGS)) return [];
  return readdirSync(REAL_LOGS).map((name) =>
    readFileSync(join(REAL_LOGS, name), 'latin1').slice(0, LARGEST),
  );
}

const seedLog = fc.constantFrom(...SEED_LOGS);
const WORDS = [
  ...['[', 'BUG: ', 'WARNING: ', '** replaying previous printk message **\n', 'Linux version 6\n'],
  'x'.repeat(40_000),
];

/** Two logs, from some place on line by line, as two consoles on one wire. */
const mixedLog: fc.Arbitrary<string> = fc
  .tuple(seedLog, seedLog, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }))
  .map(([log, other, at]) => {
    const lines = log.split(/(?<=\n)/);
    const index = Math.floor(at * lines.length);
    return lines.slice(0, index).join('') + interleaveLines(lines.slice(index).join(''), other);
  });

/** A log without accidents. */
export const soundLog: fc.Arbitrary<string> = seedLog;

/** A log after up to eight accidents. */
export const hurtLog: fc.Arbitrary<string> = mutate(
  fc.oneof({ weight: 7, arbitrary: seedLog }, { weight: 1, arbitrary: mixedLog }),
  WORDS,
);

const carriages = fc.array(fc.constantFrom(...CARRIAGES), { minLength: 1, maxLength: 2 });

/** A log that came by mail, from a journal, through a logger, or by two of them, with accidents before and after. */
export const carriedLog: fc.Arbitrary<string> = mutate(
  fc
    .tuple(
      mutate(
        seedLog.map((log) => log.slice(0, LARGEST)),
        WORDS,
      ),
      carriages,
    )
    .map(([log, ways]) => ways.reduce((text, way) => way.carry(text), log)),
  ['> ', '=\n', '=3D', '&lt;', 'Panic#2 Part1\n', '{"MESSAGE":', '__CURSOR=\n', '\n\n', '\xc2\xa2', 'at\n'],
);

/** Any bytes, some of them words that the scanner looks for. */
export const anyLog: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.constantFrom(
        '\n',
        '[    1.000000] ',
        '[    2.5][  T7] ',
        'BUG: ',
        'Call Trace:\n',
        ' f+0x1/0x2\n',
        '? ',
      ),
      fc.constantFrom('Kernel panic - not syncing: x\n', 'Oops', 'INFO: ', 'WARNING: at a.c:1 f+0x1/0x2\n'),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));
