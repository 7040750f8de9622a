// SPDX-License-Identifier: MIT
import { isDoubtful } from './frame.ts';
import { REPORT_MARK } from './kinds/furniture.ts';
import type { Prefix } from './open.ts';
import { type LogLine, parseLine } from './printk.ts';

const NEAR_LINES = 5;
const MARK_LINES = 50;
const NEAR_SECONDS = 2;

/**
 * The lines of the same context right before a headline: from the mark that opens a report, or else the last few. It is
 * there that `list_del corruption`, `refcount_t: underflow` or `ODEBUG:` stand.
 */
export function findPrefix(before: string, headline: LogLine, start: number, floor: number): Prefix {
  const found: { readonly text: string; readonly start: number }[] = [];
  let end = before.length;
  let offset = start;
  let marked = -1;
  while (end > 0 && found.length < MARK_LINES) {
    const feed = end < 2 ? -1 : before.lastIndexOf('\n', end - 2);
    const raw = before.slice(feed + 1, end);
    offset -= raw.length;
    end = feed + 1;
    if (offset < floor) break;
    const line = parseLine(raw.replace(/\n$/, ''));
    if (!line || line.context !== headline.context) continue;
    if (isFar(line, headline)) break;
    if (line.text.trim() === '' || isDoubtful(line.text)) continue;
    found.push({ text: Buffer.from(line.text, 'latin1').toString('latin1'), start: offset });
    if (REPORT_MARK.test(line.text)) {
      marked = found.length;
      break;
    }
  }
  const taken = found.slice(0, marked > 0 ? marked : NEAR_LINES).reverse();
  return { lines: taken.map((line) => line.text), start: taken[0]?.start ?? null };
}

function isFar(line: LogLine, headline: LogLine): boolean {
  return (
    line.seconds !== null &&
    headline.seconds !== null &&
    Math.abs(headline.seconds - line.seconds) > NEAR_SECONDS
  );
}

/** The kernel's time at the last stamped line, in seconds; 0 where no line has a stamp. */
export function lastStamp(text: string): number {
  let seconds = 0;
  for (const match of text.matchAll(/^(?:<\d+>)?\[ *(\d+\.\d{6})\]/gm)) seconds = Number(match[1]);
  return seconds;
}
