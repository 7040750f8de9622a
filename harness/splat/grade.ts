// SPDX-License-Identifier: MIT
import { scanLog } from './scan.ts';

/** How one log with expectations was read. */
export interface GradeRow {
  readonly name: string;
  /** Null where no crash must be found. */
  readonly expected: string | null;
  readonly got: string | null;
  readonly titleExact: boolean;
  readonly corruptedExpected: boolean;
  readonly corruptedGot: boolean;
}

const HEADER = /^(?:TITLE|ALT|TYPE|FRAME|CORRUPTED|SUPPRESSED|EXECUTOR|PANICKED): ?(.*)$/;

/** Reads a log whose first lines say what must be found (`TITLE:`, `CORRUPTED: Y` …), and compares. */
export function gradeLog(name: string, text: string): GradeRow {
  const lines = text.replaceAll('\r', '').split('\n');
  const headers = new Map<string, string>();
  let index = 0;
  for (; index < lines.length && HEADER.test(lines[index] ?? ''); index += 1) {
    const [key = '', ...rest] = (lines[index] ?? '').split(':');
    if (!headers.has(key)) headers.set(key, rest.join(':').trim());
  }
  const log = lines.slice(index).join('\n').split('\nREPORT:\n')[0] ?? '';
  const first = scanLog(Buffer.from(log, 'latin1'))[0] ?? null;
  const title = headers.get('TITLE');
  const expected = title === undefined || title === '' ? null : title;
  return {
    name,
    expected,
    got: first?.title ?? null,
    titleExact: expected === (first?.title ?? null),
    corruptedExpected: headers.get('CORRUPTED') === 'Y',
    corruptedGot: first?.corrupted ?? false,
  };
}

/** The rows that went wrong, and the totals. */
export function formatGrade(rows: readonly GradeRow[]): string {
  const loud = rows.filter((row) => row.expected !== null);
  const quiet = rows.filter((row) => row.expected === null);
  const share = (count: number, of: number) => `${count}/${of} (${of === 0 ? '-' : (count / of).toFixed(3)})`;
  const truePositive = rows.filter((row) => row.corruptedExpected && row.corruptedGot).length;
  const wrong = rows.filter((row) => row.corruptedExpected !== row.corruptedGot).length;
  const f1 = truePositive === 0 ? 0 : (2 * truePositive) / (2 * truePositive + wrong);
  return [
    ...rows
      .filter((row) => !row.titleExact)
      .map(
        (row) => `${row.name}\n  expected ${row.expected ?? 'nothing'}\n  got      ${row.got ?? 'nothing'}`,
      ),
    `recall        ${share(loud.filter((row) => row.got !== null).length, loud.length)}`,
    `quiet         ${share(quiet.filter((row) => row.got === null).length, quiet.length)}`,
    `title exact   ${share(rows.filter((row) => row.titleExact).length, rows.length)}`,
    `corrupted F1  ${f1.toFixed(3)}`,
  ].join('\n');
}
