// SPDX-License-Identifier: MIT
import { isUnreliable, parseFrames } from '../frame.ts';
import { TRACE_HINT, TRACE_START } from '../kinds/stack.ts';
import { readFronts } from './lines.ts';
import { kindOf, type SheetLine } from './sheet.ts';

/** Lines that come in another order than the kernel printed them, or more than once. */

/** A record that a crashed kernel saved: why, the number of the dump, and of the part of it, the last one first. */
const PART = /^(?:<\d+>)?(Panic|Oops|Emergency|Shutdown|Restart|Halt|Poweroff|Unknown)#(\d+) Part(\d+)\s*$/;
const FILE_NAME = /^(?:==> )?\S*(?:dmesg|pstore)-\S*:?(?: <==)?\s*$/;
const PARTS = 2;

/** Parts of saved dumps, in the order of their files: each dump is put together, and what two have in common comes once. */
export function undoParts(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  const head: SheetLine[] = [];
  const parts: { readonly dump: number; readonly part: number; readonly lines: SheetLine[] }[] = [];
  for (const line of lines) {
    const mark = PART.exec(line.text);
    if (mark) parts.push({ dump: Number(mark[2]), part: Number(mark[3]), lines: [] });
    else if (!FILE_NAME.test(line.text)) (parts.at(-1)?.lines ?? head).push(line);
  }
  if (parts.length < PARTS) return null;
  parts.sort((a, b) => a.dump - b.dump || b.part - a.part);
  const seen = new Map<string, number>();
  let common = false;
  const all: { readonly line: SheetLine; readonly seconds: number }[] = [];
  for (const { dump, lines: own } of parts) {
    let seconds = 0;
    for (const line of own) {
      seconds = readFronts(line.text).line?.seconds ?? seconds;
      const first = seen.get(line.text);
      if (first !== undefined && first !== dump && kindOf(line.text) === 'stamped') {
        common = true;
        continue;
      }
      seen.set(line.text, dump);
      all.push({ line, seconds });
    }
  }
  if (common) all.sort((a, b) => a.seconds - b.seconds);
  return [...head, ...all.map(({ line }) => line)];
}

const STEPS = 3;
const COARSE_STEPS = 8;
/** The share of steps of the clock that may go the other way. */
const JITTER = 0.05;

/** The newest line first. */
export function undoReversal(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  let back = 0;
  let forth = 0;
  let last: number | null = null;
  let fine = false;
  for (const { text } of lines) {
    const time = readTime(text);
    if (time === null) continue;
    if (last !== null && time.value < last) back += 1;
    if (last !== null && time.value > last) forth += 1;
    last = time.value;
    fine ||= time.fine;
  }
  if (last === null || forth > Math.max(back * JITTER, back > STEPS ? 1 : 0)) return null;
  if (back < (fine ? STEPS : COARSE_STEPS) && !isUpsideDown(lines)) return null;
  const groups: SheetLine[][] = [];
  for (const line of lines) {
    const group = groups.at(-1);
    if (group && kindOf(line.text) !== 'stamped') group.push(line);
    else groups.push([line]);
  }
  return groups.reverse().flat();
}

const CLOCK = /(?:(\d{1,2})[ T])?(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?/;

/** When a line was printed, in seconds since something; `fine` if the kernel's stamp says so. */
function readTime(text: string): { readonly value: number; readonly fine: boolean } | null {
  const { line, length } = readFronts(text);
  if (length === 0) return null;
  if (line?.seconds !== null && line?.seconds !== undefined) return { value: line.seconds, fine: true };
  const clock = CLOCK.exec(text.slice(0, length));
  if (!clock) return null;
  const [, day = '0', hours, minutes, seconds] = clock;
  const value = ((Number(day) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return { value, fine: false };
}

/** Whether traces stand before their labels, and hardly ever behind. */
function isUpsideDown(lines: readonly SheetLine[]): boolean {
  const texts = lines
    .map((line) => readFronts(line.text).line?.text ?? '')
    .filter((text) => !MARK.test(text));
  let before = 0;
  let behind = 0;
  for (const [index, text] of texts.entries()) {
    if (!TRACE_HINT.test(text) || !TRACE_START.test(text)) continue;
    // Between two traces a label says nothing.
    const isBefore = isFrame(texts[index - 1]);
    if (isFrame(texts[index + 1]) === isBefore) continue;
    if (isBefore) before += 1;
    else behind += 1;
  }
  return before > behind * 4;
}

/** What stands between a label and the first frame. */
const MARK = /^\s*<\/?[A-Z_#]+>\s*$/;

function isFrame(text: string | undefined): boolean {
  return text !== undefined && (parseFrames(text).length > 0 || isUnreliable(text));
}

/** The double of a line comes within so many lines; that of a line without a stamp is the next one. */
const NEAR = 4;
/** In lines. So far around a line most others must have a double too. */
const AROUND = 12;
const DOUBLED_SHARE = 0.7;
const DISTINCT = 3;

/** Every line twice, as of two consoles on one wire. */
export function undoDoubling(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  const rows = lines.filter((line) => line.text.trim() !== '');
  const second = new Uint8Array(rows.length);
  const paired = new Uint8Array(rows.length);
  const single = new Map<string, number>();
  let any = false;
  for (const [index, { text }] of rows.entries()) {
    const first = single.get(text);
    if (first !== undefined && index - first <= (kindOf(text) === 'stamped' ? NEAR : 1)) {
      second[index] = paired[index] = paired[first] = 1;
      single.delete(text);
      any = true;
    } else single.set(text, index);
  }
  if (!any) return null;
  const dropped = new Set<SheetLine>();
  for (const [index, line] of rows.entries())
    if (second[index] === 1 && isAmongDoubles(rows, paired, index)) dropped.add(line);
  return dropped.size === 0 ? null : lines.filter((line) => !dropped.has(line));
}

function isAmongDoubles(rows: readonly SheetLine[], paired: Uint8Array, index: number): boolean {
  const from = Math.max(0, index - AROUND);
  const to = Math.min(rows.length, index + AROUND + 1);
  const distinct = new Set<string>();
  let count = 0;
  for (let at = from; at < to; at += 1) {
    if (paired[at] !== 1) continue;
    count += 1;
    distinct.add(rows[at]?.text ?? '');
  }
  return distinct.size >= DISTINCT && count >= (to - from) * DOUBLED_SHARE;
}
