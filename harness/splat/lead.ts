// SPDX-License-Identifier: MIT
import { isUnreliable } from './frame.ts';
import { REPORT_MARK } from './kinds/body.ts';
import { type LogLine, readStamped, restOfLine, StampedLine } from './printk.ts';
import type { LineReader } from './transport/lines.ts';
import type { LinePrefix } from './transport/prefix.ts';
import { LONGEST_LINE, LOOKBACK, type Window } from './window.ts';
import { findWords } from './words.ts';

/** The lines of the same context right before a headline. */
export interface Lead {
  readonly lines: readonly string[];
  /** Where the first of them begins in the log; null if there is none. */
  readonly start: number | null;
}

const NEAR_LINES = 5;
const MARK_LINES = 50;
const NEAR_SECONDS = 2;
/** A line whose stamp is later than the headline's by more than this is of another boot. */
const AHEAD_SECONDS = 0.05;

export interface LeadOptions {
  /** The place in the log from which on lines may be taken. */
  readonly floor: number;
  /** Reads lines that are not in the usual form. */
  readonly lines: LineReader;
  /** The prefix of the headline's words. */
  readonly ownPrefix: LinePrefix | null;
}

/**
 * Finds the lines of the same context right before a headline: from the line that opens a report on, or else the last
 * few. They contain messages such as `list_del corruption`, `refcount_t: underflow` or `ODEBUG:`.
 */
export function findLead(window: Window, headline: LogLine, at: number, options: LeadOptions): Lead {
  const { floor, ownPrefix } = options;
  const found: { readonly text: string; readonly start: number }[] = [];
  const lowest = Math.max(at - LOOKBACK, window.floor, window.placeOf(floor));
  let marked = -1;
  for (const [from, to] of linesBefore(window, at, lowest)) {
    const line = readBefore(window.bytes, from, to, headline, options);
    if (line === 'far') break;
    if (!line || line.text.trim() === '' || isUnreliable(line.text)) continue;
    const text = ownPrefix?.strip(line.text) ?? line.text;
    found.push({ text, start: window.offsetOf(from) });
    if (REPORT_MARK.test(text)) {
      marked = found.length;
      break;
    }
    if (found.length >= MARK_LINES) break;
  }
  const taken = found.slice(0, marked > 0 ? marked : NEAR_LINES).reverse();
  return { lines: taken.map((line) => line.text), start: taken[0]?.start ?? null };
}

/** Whole lines before a place without their line feed, the last one first. */
function* linesBefore(window: Window, at: number, lowest: number): Generator<readonly [number, number]> {
  let end = at;
  while (end > lowest) {
    // A line begins at the floor, although no line feed stands before it.
    const from = Math.max(window.floor, end < 2 ? 0 : window.bytes.lastIndexOf(10, end - 2) + 1);
    if (from < lowest || end - from > LONGEST_LINE) return;
    yield [from, end - 1];
    end = from;
  }
}

function readBefore(
  bytes: Buffer,
  from: number,
  to: number,
  headline: LogLine,
  { lines }: Pick<LeadOptions, 'lines'>,
): LogLine | 'far' | null {
  const stamped = new StampedLine();
  if (readStamped(bytes, from, to, stamped)) {
    if (isFar(stamped.seconds, headline)) return 'far';
    return stamped.context === headline.context ? restOfLine(bytes, to, stamped) : null;
  }
  // A line with a headline's words is read as it was in its turn.
  const line = lines.read(from, to, findWords(bytes, from, to));
  if (line?.context !== headline.context) return null;
  return isFar(line.seconds, headline) ? 'far' : line;
}

function isFar(seconds: number | null, headline: LogLine): boolean {
  if (seconds === null) return false;
  if (headline.seconds === null) return true;
  const ago = headline.seconds - seconds;
  return ago > NEAR_SECONDS || ago < -AHEAD_SECONDS;
}
