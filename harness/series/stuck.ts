// SPDX-License-Identifier: MIT
import { hasDiff } from './diff.ts';

/** Against text that consists of such lines. */
const MOST_LOOKS = 100;
const HEADER = /^[A-Za-z][!-9;-~]*: ?\S?/;

/** Whether the headers of another mail with a diff stand behind the diff of a mail: files were put together without `From `. */
export function findStuckMail(body: Buffer): boolean {
  let looks = 0;
  for (let at = body.indexOf('\nSubject: '); at !== -1; at = body.indexOf('\nSubject: ', at + 1)) {
    if (++looks > MOST_LOOKS) return false;
    const block = readBlock(body, at + 1);
    if (block === null || !hasDiff(body.subarray(0, block.start)) || !hasDiff(body.subarray(block.end)))
      continue;
    return true;
  }
  return false;
}

/** The header lines around a line, if they are those of a mail. */
function readBlock(body: Buffer, line: number): { readonly start: number; readonly end: number } | null {
  const names = new Set<string>();
  const take = (from: number, to: number): boolean => {
    const text = body.toString('latin1', from, Math.min(to, from + 200));
    if (/^[ \t]+\S/.test(text)) return true;
    if (!HEADER.test(text)) return false;
    names.add(text.slice(0, text.indexOf(':')).toLowerCase());
    return true;
  };
  let start = line;
  for (let lines = 0; start > 0 && lines < 200; lines++) {
    const before = body.lastIndexOf(0x0a, start - 2) + 1;
    if (!take(before, start - 1)) break;
    start = before;
  }
  let end = line;
  for (let lines = 0; end < body.length && lines < 200; lines++) {
    const next = body.indexOf(0x0a, end);
    const to = next === -1 ? body.length : next;
    if (!take(end, to)) break;
    end = to + 1;
  }
  const isMail = names.has('from') && names.has('subject') && (names.has('date') || names.has('message-id'));
  return isMail ? { start, end } : null;
}
