// SPDX-License-Identifier: MIT

/** One hunk of a diff, its text as latin1: one character for each byte. */
export interface Hunk {
  /** The file after the patch; the one before it where the patch deletes it. */
  readonly file: string;
  /** `@@ -1,2 +1,3 @@`, without the function name. */
  readonly header: string;
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newLines: number;
  /** With their markers. Fewer than the header says if the hunk is torn. */
  readonly body: readonly string[];
  /** The line in the diff, from 0, of the hunk's header. */
  readonly at: number;
  /** How many lines of the old and the new file are missing. */
  readonly owed: number;
}

export const HUNK_HEADER = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** The hunks of a diff, in order. */
export function listHunks(lines: readonly string[]): Hunk[] {
  const hunks: Hunk[] = [];
  let file = '';
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const header = HUNK_HEADER.exec(line);
    if (header) {
      const [oldLines, newLines] = [Number(header[2] ?? 1), Number(header[4] ?? 1)];
      const { body, owed } = readHunk(lines, at + 1, oldLines, newLines);
      const [text] = header;
      hunks.push({ file, header: text, oldStart: Number(header[1]), oldLines, newLines, body, at, owed });
      at += body.length;
    } else if (line.startsWith('--- ') && lines[at + 1]?.startsWith('+++ ')) {
      const [before, after] = [pathOf(line), pathOf(lines[++at] ?? '')];
      file = after === '/dev/null' ? before : after;
    }
  }
  return hunks;
}

/** The lines of a hunk whose first line is at `from`, as many as its header says. */
export function readHunk(
  lines: readonly string[],
  from: number,
  oldLines: number,
  newLines: number,
): { readonly body: string[]; readonly owed: number } {
  const body: string[] = [];
  let [owedOld, owedNew] = [oldLines, newLines];
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] || ' ';
    const kind = line.charAt(0);
    if (kind !== '\\' && owedOld <= 0 && owedNew <= 0) break;
    if (!' -+\\'.includes(kind)) break;
    // The end of the text is no empty line.
    if (at === lines.length - 1 && lines[at] === '') break;
    if (kind === ' ' || kind === '-') owedOld--;
    if (kind === ' ' || kind === '+') owedNew--;
    body.push(line);
  }
  return { body, owed: Math.max(0, owedOld) + Math.max(0, owedNew) };
}

function pathOf(line: string): string {
  const path = line.slice(4).replace(/\t.*$/, '').trimEnd();
  const plain = /^"(.*)"$/.exec(path)?.[1]?.replace(/\\(\d{3}|.)/g, unescapeByte) ?? path;
  return plain === '/dev/null' ? plain : plain.replace(/^[^/]*\//, '');
}

function unescapeByte(_: string, escaped: string): string {
  if (/^\d{3}$/.test(escaped)) return String.fromCharCode(Number.parseInt(escaped, 8));
  return { n: '\n', t: '\t', r: '\r' }[escaped] ?? escaped;
}
