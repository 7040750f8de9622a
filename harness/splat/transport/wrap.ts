// SPDX-License-Identifier: MIT
import { HEADLINES } from '../kinds/headline.ts';
import { UNFINISHED } from '../kinds/wrapped.ts';
import { readFronts } from './lines.ts';
import { kindOf, type LineKind, type SheetLine } from './sheet.ts';

/** Lines that a mail program broke, and paragraphs that it filled anew. */

/** In characters. No program wraps wider or narrower than this. */
const WIDEST = 104;
const NARROWEST = 56;
/** In characters. A greater width has to show in this many lines. */
const USUAL_WIDTH = 82;
const WIDE_LINES = 3;
/** In characters. A word that is longer may stick out. */
const LONG_WORD = 30;
/** In characters. Lines that were wrapped twice, or by a person, are shorter than the width by this. */
const SLACK = 16;
/** The share of broken lines that has to show the width. */
const SHARE = 0.65;
/** In characters. The text of a message's further lines is set in this far at least. */
const DEEP = 12;
/** In characters. Nothing is joined to a line that has become longer. */
const LONGEST = 4096;
/** A line that continues another one does not begin with such words. */
const HEADLINE_START = new RegExp(
  `^(?:${HEADLINES.map(({ words }) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`,
);
const FIRST_WORD = /^\s*(\S+)/;

interface Row {
  readonly line: SheetLine;
  readonly kind: LineKind;
}

/** In characters. Longer words do not end a line that was broken. */
const TAIL = 160;

function isUnfinished(text: string): boolean {
  return UNFINISHED.test(text.slice(-TAIL));
}

function firstWord(text: string): number {
  return FIRST_WORD.exec(text)?.[1]?.length ?? 0;
}

/** The width at which these lines were wrapped, as far as they show; 0 if they were not. */
function findWidth(rows: readonly Row[]): number {
  let width = 0;
  for (const { line, kind } of rows) {
    if (kind !== 'stamped') continue;
    const text = line.text.trimEnd();
    if (text.length <= width) continue;
    if (text.length - 1 - text.lastIndexOf(' ') <= LONG_WORD) width = text.length;
    if (width > WIDEST) return 0;
  }
  return width < NARROWEST ? 0 : width;
}

/** How far `next` would have stuck out behind `line`: a wrapped line ends where its next word did not fit. */
function reach(line: string, next: string): number {
  return line.trimEnd().length + 1 + firstWord(next);
}

/** Joins lines without a stamp to the stamped line that they continue. */
export function undoWrapping(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  const rows = lines.map((line) => ({ line, kind: kindOf(line.text) }));
  const width = findWidth(rows);
  let broken = 0;
  let shown = 0;
  let exact = 0;
  let deep = 0;
  let after: LineKind = 'blank';
  for (const [index, { line, kind }] of rows.entries()) {
    const before = rows[index - 1]?.line.text ?? '';
    if (kind === 'bare' && after !== 'blank') {
      if (isFurther(line.text, before)) deep += 1;
      else {
        const far = reach(before, line.text);
        broken += 1;
        if (far > width - SLACK || isUnfinished(before)) shown += 1;
        if (far > width || isUnfinished(before)) exact += 1;
      }
    }
    // Paragraphs that do not begin with a stamp show nothing.
    after = kind === 'bare' && after === 'blank' ? 'blank' : kind;
  }
  const wrapped = width > 0 && exact >= (width > USUAL_WIDTH ? WIDE_LINES : 1) && shown >= broken * SHARE;
  if (!wrapped && deep === 0) return null;
  return joinStamped(rows, wrapped ? width - (exact >= broken * 0.95 ? 0 : SLACK) : Number.POSITIVE_INFINITY);
}

/** Whether a line is a further one of the message before it, as `journalctl` prints it. */
function isFurther(text: string, before: string): boolean {
  const blanks = text.search(/\S/);
  return blanks >= DEEP && readFronts(before).length === blanks;
}

function joinStamped(rows: readonly Row[], width: number): readonly SheetLine[] {
  const found: SheetLine[] = [];
  /** What stands before the text of the last stamped line. */
  let front = '';
  let joinable = false;
  let before = '';
  for (const { line, kind } of rows) {
    const { text } = line;
    const last = found.at(-1);
    if (kind === 'stamped') front = text.slice(0, readFronts(text).length);
    const blanks = text.search(/\S/);
    if (kind === 'bare' && joinable && front !== '' && blanks >= DEEP && blanks === front.length) {
      found.push({ ...line, text: front + text.slice(blanks) });
    } else if (
      kind === 'bare' &&
      joinable &&
      last &&
      last.text.length < LONGEST &&
      isBroken(before, text, width)
    ) {
      found[found.length - 1] = join(last, line, text);
    } else {
      found.push(line);
      joinable = kind === 'stamped';
    }
    before = text;
  }
  return found;
}

function isBroken(before: string, text: string, width: number): boolean {
  if (isUnfinished(before)) return true;
  if (reach(before, text) <= width) return false;
  return !HEADLINE_START.test(text) || readFronts(before).length >= before.trimEnd().length;
}

function join(last: SheetLine, line: SheetLine, text: string): SheetLine {
  const joined = `${last.text.trimEnd()} ${text.trimStart()}`;
  return { text: joined, from: last.from, to: line.to };
}

/** Joins the two halves of lines that cannot end where they do, in a log without stamps. */
export function undoBreaks(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  const found: SheetLine[] = [];
  let joined = false;
  for (const line of lines) {
    const last = found.at(-1);
    if (last && last.text.length < LONGEST && kindOf(line.text) === 'bare' && isUnfinished(last.text)) {
      found[found.length - 1] = join(last, line, line.text);
      joined = true;
    } else found.push(line);
  }
  return joined ? found : null;
}

const INNER_STAMP = /\s(?:<\d+>)?\[ *\d+\.\d{6}\]|\[$/g;
const STAMPS = /(?=(?<=\s|^)(?:<\d+>)?\[ *\d+\.\d{6}\])/;
const INNER_LINES = 3;
const ANY_STAMP = /\[ *\d+\.\d{6}\]/;

/** Whether stamps stand in the middle of lines, and not always at the same place, as behind a logger's front. */
function isFilled(lines: readonly SheetLine[]): boolean {
  const columns = new Map<number, number>();
  let inner = 0;
  let stamped = 0;
  for (const { text } of lines) {
    if (!text.includes('[')) continue;
    const own = text.trimEnd();
    const found = [...own.slice(Math.max(1, readFronts(own).length)).matchAll(INNER_STAMP)];
    if (found.length > 0) inner += 1;
    if (found.length > 0 || ANY_STAMP.test(own)) stamped += 1;
    const column =
      found.length === 1 && !own.endsWith('[')
        ? own.length - (found[0]?.input.length ?? 0) + (found[0]?.index ?? 0)
        : -1;
    if (column >= 0) columns.set(column, (columns.get(column) ?? 0) + 1);
  }
  const common = Math.max(0, ...columns.values());
  const moving = common > inner * 0.5 ? inner - common : inner;
  return moving >= INNER_LINES && moving >= stamped * 0.3;
}

/** Splits paragraphs that were filled anew, with stamps in the middle of lines, at the stamps. */
export function undoFilling(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  if (!isFilled(lines)) return null;
  const found: SheetLine[] = [];
  let paragraph: SheetLine[] = [];
  const close = () => {
    found.push(...refill(paragraph));
    paragraph = [];
  };
  for (const line of lines) {
    if (line.text.trim() !== '') paragraph.push(line);
    else {
      close();
      found.push(line);
    }
  }
  close();
  return found;
}

function refill(paragraph: readonly SheetLine[]): readonly SheetLine[] {
  if (!paragraph.some((line) => ANY_STAMP.test(line.text))) return paragraph;
  const found: SheetLine[] = [];
  let open: SheetLine | null = null;
  for (const line of paragraph) {
    if (open && open.text.length > LONGEST) {
      found.push(open);
      open = null;
    }
    const text: string = open ? `${open.text.trimEnd()} ${line.text}` : line.text;
    const parts = text.split(STAMPS);
    const last = parts.pop() ?? '';
    const from: number = open?.from ?? line.from;
    for (const [index, part] of parts.entries())
      if (part.trim() !== '' && !(index === 0 && part.trim() === '['))
        found.push({ text: part, from: index === 0 ? from : line.from, to: line.to });
    open = { text: last, from: parts.length === 0 ? from : line.from, to: line.to };
  }
  if (open) found.push(open);
  return found;
}
