// SPDX-License-Identifier: MIT

/** Lines from the first to the last one, counted from 1. Where lines were only taken away: the two between which they stood. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
  /** Nothing of this side is changed: something was between these lines. */
  readonly gap: boolean;
}

/** The changed lines of each file, on one side of `git diff --unified=0`. */
export type ChangedLines = ReadonlyMap<string, readonly LineRange[]>;

/** Reads `git diff --unified=0 --no-renames --no-prefix` and gives the lines before the changes, or those after them. */
export function parseChangedLines(diff: string, side: 'before' | 'after'): ChangedLines {
  const files = new Map<string, LineRange[]>();
  const mark = side === 'before' ? '--- ' : '+++ ';
  let ranges: LineRange[] = [];
  let isHead = true;
  for (const line of diff.split('\n')) {
    if (line.startsWith('diff --git ')) isHead = true;
    if (isHead && line.startsWith(mark)) {
      ranges = [];
      const file = line.slice(mark.length).replace(/\t$/, '');
      if (file !== '/dev/null') files.set(file, ranges);
    }
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (!hunk) continue;
    isHead = false;
    const [start, count = '1'] = side === 'before' ? hunk.slice(1, 3) : hunk.slice(3, 5);
    const first = Number(start);
    const isGap = count === '0';
    ranges.push({ first, last: isGap ? first + 1 : first + Number(count) - 1, gap: isGap });
  }
  return files;
}

/** Whether a change lies within these lines. A gap does where both of its lines do. */
export function touches(
  range: LineRange,
  { first, last }: { readonly first: number; readonly last: number },
): boolean {
  return range.gap ? first <= range.first && range.last <= last : range.first <= last && first <= range.last;
}
