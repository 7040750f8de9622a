// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { followInput, lookAtInput, withDeadline } from '../host/index.ts';
import { Fault, isFault, type Splat } from '../model/index.ts';
import { createScanner, type OptionalKind } from '../splat/index.ts';
import { recogniseForm } from './form.ts';
import { LineCounter, type LogPlace, type LogSource, openLogSource, requireText } from './read-log.ts';

/** A log that is silent for so long, in milliseconds, has no more lines of the report that it last printed. */
const QUIET_MS = 1000;
/** Fewer bytes do not show whether they are text: a serial console may begin with noise. */
const ENOUGH_TO_KNOW = 512;

/** What a log that is still written tells while it is read. */
export type LogNews =
  /** A complaint; `corrects` if it is one that was told before, of which more lines have come. */
  | { readonly kind: 'complaint'; readonly splat: Splat; readonly corrects: boolean }
  /** A report has begun and stopped in the middle. */
  | { readonly kind: 'begun'; readonly title: string }
  /** The log has ended; the last of all. */
  | { readonly kind: 'end'; readonly lines: number };

/**
 * A log that is still written, by the name that a user gives it: a plain file, which ends when `place.signal` is aborted, or
 * a stream. It is looked at, and not read yet. Faults as `openLogSource`.
 */
export async function openGrowingLog(name: string, place: LogPlace): Promise<LogSource> {
  const source = await openLogSource(name, {
    ...place,
    limits: { ...place.limits, 'log-mib': Number.POSITIVE_INFINITY },
  });
  const path = resolve(place.workingDirectory, name);
  if (name === '-' || (await lookAtInput(path, 'log')) !== 'file') return source;
  return { name, open: () => followInput(path, { what: 'log', signal: place.signal }) };
}

/**
 * Reads a log while it is written, and tells each complaint as soon as it is whole. An abort ends the log like the end of its
 * input. Memory does not grow with the log. Faults (request): `SCAN_EMPTY`, `SCAN_NOT_TEXT`, those of the source.
 */
export async function* followLog(
  source: LogSource,
  { limits, kinds }: { readonly limits: LogPlace['limits']; readonly kinds: readonly OptionalKind[] },
): AsyncGenerator<LogNews> {
  let news: LogNews[] = [];
  let begun: string | null = null;
  /** Where the complaints begin that were told: at least of all that the scanner keeps. */
  const told = new Set<number>();
  const tell = (splat: Splat) => {
    begun = null;
    const corrects = told.has(splat.start);
    if (told.size < 4 * limits.splats) told.add(splat.start);
    news.push({ kind: 'complaint', splat, corrects });
  };
  const scanner = createScanner({
    live: true,
    kinds,
    limits,
    onSplat: tell,
    onHeader: (title) => {
      begun = title;
    },
  });
  const counter = new LineCounter();
  for await (const chunk of withSilences(source.open())) {
    if (chunk === null) {
      scanner.flushQuiet();
      if (begun !== null) news.push({ kind: 'begun', title: begun });
      begun = null;
    } else {
      if (counter.bytes === 0) requireReadable(chunk, source);
      counter.count(chunk);
      scanner.push(chunk);
    }
    yield* news;
    news = [];
  }
  requireText(source, counter);
  // Some count only once the whole log shows that nothing speaks against them.
  for (const splat of scanner.end()) if (!told.has(splat.start)) tell(splat);
  yield* news;
  yield { kind: 'end', lines: counter.lines };
}

/**
 * The pieces of a stream, and null once after each that nothing followed for `QUIET_MS`. An interruption ends it like its own
 * end.
 */
async function* withSilences(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer | null> {
  const pieces = source[Symbol.asyncIterator]();
  try {
    for (let isQuiet = true; ; ) {
      const next = pieces.next();
      if (!isQuiet && (await isSlow(next))) {
        isQuiet = true;
        yield null;
      }
      const { done, value } = await next;
      if (done) return;
      isQuiet = false;
      yield value;
    }
  } catch (error) {
    if (!isFault(error) || error.code !== 'HOST_INTERRUPTED') throw error;
  } finally {
    // Who reads no further does not wait for a piece that may never come.
    pieces.return?.().catch(() => {});
  }
}

/** Whether a promise takes longer than `QUIET_MS`; that it fails is for who awaits it. */
function isSlow(work: Promise<unknown>): Promise<boolean> {
  const no = () => false;
  return withDeadline(work.then(no, no), QUIET_MS, () => true);
}

/** Refuses what cannot be read while it grows: only text can. */
function requireReadable(start: Buffer, source: LogSource): void {
  const form = recogniseForm(start);
  if (form.kind === 'text' || (form.kind !== 'packed' && start.length < ENOUGH_TO_KNOW)) return;
  const what = { packed: 'compressed data', utf16: 'text in UTF-16', other: 'no text' }[form.kind];
  throw new Fault({
    blame: 'request',
    code: 'SCAN_NOT_TEXT',
    message: `${source.name === '-' ? 'standard input' : source.name}: got ${form.kind === 'other' ? form.what : what}, expected a kernel log that is being written`,
    next: 'read it as a whole, without --follow',
  });
}
