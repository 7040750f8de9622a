// SPDX-License-Identifier: MIT
import { HUNK_HEADER, readHunk } from './hunk.ts';

const FILE_HEADER =
  /^(?:old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to) /;
const DIFF = /^(?:diff --git |Index: \S|--- \S.*\n\+\+\+ \S.*\n@@ )/m;
const BINARY_BLOCK = /^(?:literal|delta) \d+$/;

/** Whether bytes contain a diff, with LF or CRLF line ends. */
export function hasDiff(bytes: Buffer): boolean {
  if (!['diff --git ', '\n+++ ', 'Index: '].some((start) => bytes.includes(start))) return false;
  return DIFF.test(bytes.toString('latin1').replaceAll('\r\n', '\n'));
}

/**
 * The part of a diff that changes files, in one form: without the text around it, object ids, time stamps and function
 * names after `@@`, and with the space that mail programs cut from empty context lines.
 */
export function normaliseDiff(diff: Uint8Array): Uint8Array {
  const lines = Buffer.from(diff).toString('latin1').split('\n');
  const kept: string[] = [];
  let inFileHeader = false;
  let isBinary = false;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const hunk = HUNK_HEADER.exec(line);
    if (line.startsWith('diff --git ')) {
      kept.push(line);
      inFileHeader = true;
      isBinary = false;
    } else if (hunk) {
      const { body } = readHunk(lines, at + 1, Number(hunk[2] ?? 1), Number(hunk[4] ?? 1));
      kept.push(hunk[0], ...body);
      at += body.length;
      inFileHeader = false;
    } else if (line.startsWith('--- ') && lines[at + 1]?.startsWith('+++ ')) {
      kept.push(withoutTime(line), withoutTime(lines[++at] ?? ''));
    } else if (line === 'GIT binary patch') {
      kept.push(line);
      isBinary = true;
    } else if (isBinary && BINARY_BLOCK.test(line)) {
      const end = lines.indexOf('', at);
      kept.push(...lines.slice(at, end === -1 ? lines.length : end));
      if (end !== -1) at = end;
    } else if (inFileHeader && FILE_HEADER.test(line)) kept.push(line);
  }
  return Buffer.from(kept.join('\n'), 'latin1');
}

function withoutTime(line: string): string {
  return line.replace(/\t.*$/, '');
}
