// SPDX-License-Identifier: MIT
import type { Patch, PatchConflict } from '../model/index.ts';

/** Advice for somebody who sits in the middle of `git am`, where nobody sits any more. */
const ADVICE =
  /^(?:hint: |Applying: |When you have resolved this problem|If you prefer to skip this patch|To restore the original branch|Use 'git am --show-current-patch|The copy of the patch that failed|Patch failed at \d+ )/;

/** How git names the file that it could not patch, most exact first; the line is the one in the file before. */
const NAMED = [
  /^error: patch failed: (?<file>.+):(?<line>\d+)$/m,
  /^error: (?<file>.+): (?:patch does not apply|does not exist in index|already exists in (?:index|working directory)|No such file or directory|does not match index|wrong type)$/m,
  /^CONFLICT \([^)]*\): (?:Merge conflict in )?(?<file>\S+)/m,
  /^error: cannot apply binary patch to '(?<file>.+)' /m,
];

/** A conflict out of git's words: which file, and which hunk of the diff (latin1) git stopped at. */
export function describeConflict(patch: Patch, diff: string, output: string): PatchConflict {
  const words = output
    .split('\n')
    .filter((line) => line.trim() !== '' && !ADVICE.test(line))
    .join('\n');
  const found = NAMED.map((pattern) => pattern.exec(words)?.groups).find((groups) => groups !== undefined);
  const file = found?.file ?? null;
  const line = found?.line === undefined ? null : Number(found.line);
  const { number, subject } = patch;
  return { number, subject, file, hunk: file === null ? null : findHunk(diff, file, line), words };
}

/** The header of the hunk that begins at a line of a file before the patch. */
function findHunk(diff: string, file: string, line: number | null): string | null {
  if (line === null) return null;
  const sections = diff.split(/^(?=diff --git )/m);
  const name = Buffer.from(file).toString('latin1');
  const section =
    sections.find((text) => text.includes(`\n--- a/${name}\n`)) ??
    sections.find((text) => text.includes(name));
  const headers = section?.match(/^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/gm) ?? [];
  return headers.find((header) => Number(/^@@ -(\d+)/.exec(header)?.[1]) === line) ?? null;
}
