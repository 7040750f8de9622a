// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { type InputOptions, lookAtInput, streamInput } from '../host/index.ts';
import { Fault, type Limits, type Splat } from '../model/index.ts';
import { createScanner, type OptionalKind } from '../splat/index.ts';
import { unpackLog } from './unpack.ts';

/** Where a log is read from. */
export interface LogSource {
  /** As its reader knows it; `-` for standard input. */
  readonly name: string;
  open(): AsyncIterable<Buffer>;
}

/** What was read of one log. */
export interface LogScan {
  readonly splats: readonly Splat[];
  /** Lines that were read, the last one without a line feed included. */
  readonly lines: number;
  /** Complaints that were found and not kept: beyond the limit. */
  readonly dropped: number;
}

/** What reading logs needs of its caller. */
export interface LogPlace {
  readonly workingDirectory: string;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  streamStandardInput(input: InputOptions): AsyncIterable<Buffer>;
}

/**
 * A log by the name that a user gives it, `-` for standard input; it is looked at, and not read yet. Faults of
 * `host/input.ts` (request).
 */
export async function openLogSource(name: string, place: LogPlace): Promise<LogSource> {
  const { limits, signal } = place;
  const input: InputOptions = {
    what: 'log',
    limitBytes: limits['log-mib'] * 1024 * 1024,
    raise: `--limit log-mib=${2 * limits['log-mib']}`,
    signal,
  };
  if (name === '-') return { name, open: () => place.streamStandardInput(input) };
  const path = resolve(place.workingDirectory, name);
  if ((await lookAtInput(path, 'log')) === 'directory')
    throw new Fault({
      blame: 'request',
      code: 'INPUT_NOT_A_FILE',
      message: `got a directory ${name}, expected a log in a plain file`,
      next: `name its files: ktrial scan ${name.replace(/\/*$/, '')}/*`,
    });
  return { name, open: () => streamInput(path, input) };
}

/** Counts the lines of a log that comes in pieces. */
export class LineCounter {
  bytes = 0;
  /** A line holds something: a log of blanks alone is as empty as one of no bytes. */
  hasText = false;
  #feeds = 0;
  #isBroken = false;

  count(chunk: Buffer): void {
    this.bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) this.#feeds += 1;
    if (chunk.length > 0) this.#isBroken = chunk.at(-1) !== 10;
    this.hasText ||= /[^\s\0]/.test(chunk.toString('latin1'));
  }

  /** Lines up to now, the last one without a line feed included. */
  get lines(): number {
    return this.#feeds + (this.#isBroken ? 1 : 0);
  }
}

/** Requires that a log held anything. Fault `SCAN_EMPTY` (request). */
export function requireText(source: LogSource, { hasText }: LineCounter): void {
  if (hasText) return;
  const isInput = source.name === '-';
  throw new Fault({
    blame: 'request',
    code: 'SCAN_EMPTY',
    message: `${isInput ? 'standard input' : source.name}: got no line with anything in it, expected a kernel log`,
    next: isInput
      ? 'look at what was to print it: dmesg may need root here, such as sudo dmesg | ktrial scan'
      : 'look at what was to write it',
  });
}

/**
 * Reads one log whole and returns what it complains of, and how much of it there was. Faults (request): `SCAN_EMPTY`, those of
 * `unpackLog` and of the source.
 */
export async function readLog(
  source: LogSource,
  { limits, kinds }: { readonly limits: Limits; readonly kinds: readonly OptionalKind[] },
): Promise<LogScan> {
  const scanner = createScanner({ kinds, limits });
  const name = source.name === '-' ? 'standard input' : source.name;
  const counter = new LineCounter();
  for await (const chunk of unpackLog(source.open(), { name, limits })) {
    scanner.push(chunk);
    counter.count(chunk);
  }
  requireText(source, counter);
  return { splats: scanner.end(), lines: counter.lines, dropped: scanner.dropped };
}
