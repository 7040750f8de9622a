// SPDX-License-Identifier: MIT
import type { Patch, PatchConflict } from '../model/index.ts';

/** git's progress, and its hints for resolving the conflict by hand: the `git am` session is already aborted. */
const ADVICE =
  /^(?:hint: |Applying: |When you have resolved this problem|If you prefer to skip this patch|To restore the original branch|Use 'git am --show-current-patch|The copy of the patch that failed|Patch failed at \d+ )/;

/** How git names the file that it could not patch, most exact first. The line is in the file before the patch. */
const NAMED = [
  /^error: patch failed: (?<file>.+):(?<line>\d+)$/m,
  /^error: (?<file>.+): (?:patch does not apply|does not exist in index|already exists in (?:index|working directory)|No such file or directory|does not match index|wrong type)$/m,
  /^CONFLICT \([^)]*\): (?:Merge conflict in )?(?<file>\S+)/m,
  /^error: cannot apply binary patch to '(?<file>.+)' /m,
];

/** Finds in git's output which file, and which hunk of the patch, did not apply. */
export function describeConflict(patch: Patch, output: string): PatchConflict {
  const words = output
    .split('\n')
    .filter((line) => line.trim() !== '' && !ADVICE.test(line))
    .join('\n');
  const found = NAMED.map((pattern) => pattern.exec(words)?.groups).find((groups) => groups !== undefined);
  const file = found?.file ?? null;
  const line = found?.line === undefined ? null : Number(found.line);
  const { number, subject } = patch;
  return { number, subject, file, hunk: file === null ? null : findHunk(patch.diff, file, line), words };
}

/** The header of the hunk that starts at a line of the file before the patch. */
function findHunk(diff: Uint8Array, file: string, line: number | null): string | null {
  if (line === null) return null;
  const sections = Buffer.from(diff)
    .toString('latin1')
    .split(/^(?=diff --git )/m);
  const name = Buffer.from(file).toString('latin1');
  const section =
    sections.find((text) => text.includes(`\n--- a/${name}\n`)) ??
    sections.find((text) => text.includes(name));
  const headers = section?.match(/^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/gm) ?? [];
  return headers.find((header) => Number(/^@@ -(\d+)/.exec(header)?.[1]) === line) ?? null;
}
