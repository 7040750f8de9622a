// SPDX-License-Identifier: MIT
import { isDoubtful } from './frame.ts';
import type { Front } from './front.ts';
import { REPORT_MARK } from './kinds/furniture.ts';
import { LineHead, type LogLine, parseOddLine, readHead, restOfLine } from './printk.ts';
import { LONGEST_LINE, LOOKBACK, type Window } from './window.ts';

/** What stands before a headline: lines of the same context. */
export interface Prefix {
  readonly lines: readonly string[];
  /** Where the first of them begins in the log; null where there is none. */
  readonly start: number | null;
}

const NEAR_LINES = 5;
const MARK_LINES = 50;
const NEAR_SECONDS = 2;
/** A line whose stamp is later than the headline's by more than this is of another boot. */
const AHEAD_SECONDS = 0.05;

export interface PrefixOptions {
  /** A place in the log: nothing before it is taken. */
  readonly floor: number;
  /** What stands before the stamps of this log. */
  readonly front: Front | null;
  /** What stands before the headline's words. */
  readonly ownFront: Front | null;
}

/**
 * The lines of the same context right before a headline: from the mark that opens a report, or else the last few. It is
 * there that `list_del corruption`, `refcount_t: underflow` or `ODEBUG:` stand.
 */
export function findPrefix(
  window: Window,
  headline: LogLine,
  at: number,
  { floor, front, ownFront }: PrefixOptions,
): Prefix {
  const found: { readonly text: string; readonly start: number }[] = [];
  const lowest = Math.max(at - LOOKBACK, window.floor, window.placeOf(floor));
  let marked = -1;
  for (const [from, to] of linesBefore(window, at, lowest)) {
    const line = readBefore(window.bytes, from, to, headline, front);
    if (line === 'far') break;
    if (!line || line.text.trim() === '' || isDoubtful(line.text)) continue;
    const text = ownFront?.strip(line.text) ?? line.text;
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

/** Whole lines before a place, the last first, without their line feed. */
function* linesBefore(window: Window, at: number, lowest: number): Generator<readonly [number, number]> {
  let end = at;
  while (end > lowest) {
    // The floor is where a line begins, though no line feed stands before it.
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
  front: Front | null,
): LogLine | 'far' | null {
  const head = new LineHead();
  if (readHead(bytes, from, to, head)) {
    if (isFar(head.seconds, headline)) return 'far';
    return head.context === headline.context ? restOfLine(bytes, to, head) : null;
  }
  const line = parseOddLine(bytes, from, to, front);
  if (line?.context !== headline.context) return null;
  return isFar(line.seconds, headline) ? 'far' : line;
}

function isFar(seconds: number | null, headline: LogLine): boolean {
  if (seconds === null) return false;
  if (headline.seconds === null) return true;
  const ago = headline.seconds - seconds;
  return ago > NEAR_SECONDS || ago < -AHEAD_SECONDS;
}

/** The kernel's time at the last stamped line before a place, in seconds; 0 where no line has a stamp. */
export function lastStamp(text: string): number {
  let seconds = 0;
  for (const match of text.matchAll(/^(?:<\d+>)?\[ *(\d+\.\d{6})\]/gm)) seconds = Number(match[1]);
  return seconds;
}
