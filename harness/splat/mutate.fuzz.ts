// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { interleaveLines, PROJECT_ROOT, SAMPLE_LOGS } from '../testing/index.ts';

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

/** What can happen to a log. Places are shares of its length, from 0 to 1. */
type Accident =
  | { readonly what: 'flip'; readonly at: number; readonly byte: number }
  | { readonly what: 'insert'; readonly at: number; readonly text: string }
  | { readonly what: 'delete' | 'double' | 'truncate'; readonly at: number }
  | { readonly what: 'swap'; readonly at: number; readonly other: number }
  | { readonly what: 'mix'; readonly at: number; readonly other: string };

const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const seedLog = fc.constantFrom(...SEED_LOGS);
const accident: fc.Arbitrary<Accident> = fc.oneof(
  fc.record({ what: fc.constant('flip' as const), at: share, byte: fc.integer({ min: 0, max: 255 }) }),
  fc.record({
    what: fc.constant('insert' as const),
    at: share,
    text: fc.oneof(
      fc.constantFrom('\r', '\n', '\0', '\r\n', '\x1b[0m', '\xff', '[', 'BUG: ', 'WARNING: ', 'é'),
      fc.constantFrom('** replaying previous printk message **\n', 'Linux version 6\n', 'x'.repeat(40_000)),
    ),
  }),
  fc.record({ what: fc.constantFrom('delete' as const, 'double' as const, 'truncate' as const), at: share }),
  fc.record({ what: fc.constant('swap' as const), at: share, other: share }),
  fc.record({ what: fc.constant('mix' as const), at: share, other: seedLog }),
);

function suffer(log: string, accident: Accident): string {
  const place = Math.floor(accident.at * log.length);
  if (accident.what === 'flip')
    return log.slice(0, place) + String.fromCharCode(accident.byte) + log.slice(place + 1);
  if (accident.what === 'insert') return log.slice(0, place) + accident.text + log.slice(place);
  const lines = log.split(/(?<=\n)/);
  const index = Math.floor(accident.at * lines.length);
  const line = lines[index] ?? '';
  switch (accident.what) {
    case 'delete':
      lines.splice(index, 1);
      break;
    case 'double':
      lines.splice(index, 0, line);
      break;
    case 'truncate':
      lines[index] = line.slice(0, Math.floor(line.length / 2));
      break;
    case 'swap': {
      const other = Math.floor(accident.other * lines.length);
      [lines[index], lines[other]] = [lines[other] ?? '', line];
      break;
    }
    case 'mix':
      return lines.slice(0, index).join('') + interleaveLines(lines.slice(index).join(''), accident.other);
  }
  return lines.join('');
}

/** A log without accidents. */
export const soundLog: fc.Arbitrary<string> = seedLog;

/** A log after up to eight accidents. */
export const hurtLog: fc.Arbitrary<string> = fc
  .tuple(seedLog, fc.array(accident, { maxLength: 8 }))
  .map(([log, accidents]) => accidents.reduce(suffer, log));

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
