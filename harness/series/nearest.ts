// SPDX-License-Identifier: MIT
import type { ComparedLine } from '../model/index.ts';

const WANTED_LINES = 60;
const SHOWN_LINES = 24;
const LONGEST = 300;
/** A line that a file has more often says nothing about the place. */
const MOST_PLACES = 50;

/**
 * Compares the lines that a hunk wants with the lines of a file that are most like them, in order; of several places that
 * nearest to `around` (from 1). Empty if the file has no line like any of them.
 */
export function findNearest(
  wanted: readonly string[],
  file: readonly string[],
  around: number,
): ComparedLine[] {
  const some = wanted.slice(0, WANTED_LINES);
  const offset = findOffset(some, file, around);
  if (offset === null) return [];
  const first = Math.max(0, offset - 4);
  const rows = align(some, file.slice(first, offset + some.length + 4), first);
  const isWanted = (row: ComparedLine) => row.wanted !== null;
  const trimmed = rows.slice(rows.findIndex(isWanted), rows.findLastIndex(isWanted) + 1);
  const differing = trimmed.findIndex((row) => row.wanted !== row.found);
  const start = Math.max(0, Math.min(differing - 6, trimmed.length - SHOWN_LINES));
  return trimmed.slice(start, start + SHOWN_LINES).map(({ line, wanted: left, found }) => ({
    line,
    wanted: left?.slice(0, LONGEST) ?? null,
    found: found?.slice(0, LONGEST) ?? null,
  }));
}

/**
 * What a mail program did, if that is all that differs: white space or quotes. Null if lines differ in other ways.
 */
export function describeWhiteSpace(rows: readonly ComparedLine[]): string | null {
  const differing = rows.filter((row) => row.wanted !== row.found);
  const pairs = differing.flatMap(({ wanted, found }) =>
    wanted === null || found === null ? [] : [{ wanted, found }],
  );
  if (pairs.length === 0 || pairs.length < differing.length) return null;
  if (!pairs.every(({ wanted, found }) => simplify(wanted) === simplify(found))) return null;
  const kinds: readonly (readonly [string, (wanted: string, found: string) => boolean])[] = [
    [
      'white space became non-breaking spaces',
      (wanted, found) => /\u00a0/.test(wanted) && !/\u00a0/.test(found),
    ],
    ['straight quotes became typographic ones', (wanted) => /[\u2018\u2019\u201c\u201d]/.test(wanted)],
    ['tabs became spaces', (wanted, found) => countTabs(wanted) < countTabs(found)],
    ['spaces became tabs', (wanted, found) => countTabs(wanted) > countTabs(found)],
    ['the file of the tree has CRLF line ends', (wanted, found) => `${wanted}\r` === found],
    [
      'white space at the end of lines was removed',
      (wanted, found) => wanted === found.trimEnd() && `${wanted}\r` !== found,
    ],
    ['white space at the end of lines was added', (wanted, found) => wanted.trimEnd() === found],
  ];
  const found = kinds
    .filter(([, test]) => pairs.some((pair) => test(pair.wanted, pair.found)))
    .map(([name]) => name);
  return found.length === 0 ? 'white space differs' : found.join(', ');
}

/** The offset in the file at which most wanted lines stand. */
function findOffset(wanted: readonly string[], file: readonly string[], around: number): number | null {
  const places = new Map<string, number[]>();
  for (const [at, line] of file.entries()) {
    const key = simplify(line);
    if (key === '') continue;
    const known = places.get(key);
    if (!known) places.set(key, [at]);
    else known.push(at);
  }
  const votes = new Map<number, number>();
  for (const [index, line] of wanted.entries()) {
    const found = places.get(simplify(line)) ?? [];
    if (found.length > MOST_PLACES) continue;
    // A brace tells less than a line that is there once.
    const weight = Math.min(line.trim().length, 20) / found.length;
    for (const at of found) votes.set(at - index, (votes.get(at - index) ?? 0) + weight);
  }
  let best: { readonly offset: number; readonly score: number } | null = null;
  for (const [offset, score] of votes) {
    const isBetter =
      best === null ||
      score > best.score ||
      (score === best.score && Math.abs(offset + 1 - around) < Math.abs(best.offset + 1 - around));
    if (isBetter) best = { offset, score };
  }
  return best && Math.max(0, best.offset);
}

/** Both sides in one list: the longest common part stands beside itself. */
function align(wanted: readonly string[], file: readonly string[], first: number): ComparedLine[] {
  const like = (left: number, right: number) => {
    if (wanted[left] === file[right]) return 2;
    return simplify(wanted[left] ?? '') === simplify(file[right] ?? '') ? 1.5 : 0;
  };
  const columns = file.length + 1;
  const score = new Float64Array((wanted.length + 1) * columns);
  const at = (left: number, right: number) => score[left * columns + right] ?? 0;
  for (let left = wanted.length - 1; left >= 0; left--)
    for (let right = file.length - 1; right >= 0; right--) {
      const value = like(left, right);
      const both = value > 0 ? value + at(left + 1, right + 1) : 0;
      score[left * columns + right] = Math.max(both, at(left + 1, right), at(left, right + 1));
    }
  const rows: ComparedLine[] = [];
  let [onlyWanted, onlyFound]: [string[], { line: number; text: string }[]] = [[], []];
  const flush = () => {
    for (let index = 0; index < Math.max(onlyWanted.length, onlyFound.length); index++) {
      const found = onlyFound[index];
      rows.push({ line: found?.line ?? null, wanted: onlyWanted[index] ?? null, found: found?.text ?? null });
    }
    [onlyWanted, onlyFound] = [[], []];
  };
  let [left, right] = [0, 0];
  while (left < wanted.length || right < file.length) {
    const value = left < wanted.length && right < file.length ? like(left, right) : 0;
    if (value > 0 && at(left, right) === value + at(left + 1, right + 1)) {
      flush();
      rows.push({ line: first + right + 1, wanted: wanted[left++] ?? '', found: file[right++] ?? '' });
    } else if (right >= file.length || (left < wanted.length && at(left + 1, right) >= at(left, right + 1)))
      onlyWanted.push(wanted[left++] ?? '');
    else {
      onlyFound.push({ line: first + right + 1, text: file[right] ?? '' });
      right++;
    }
  }
  flush();
  return rows;
}

/** A line without what mail programs change. */
function simplify(line: string): string {
  return line
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/\s+/g, ' ')
    .trim();
}

function countTabs(line: string): number {
  return line.trimEnd().split('\t').length;
}
