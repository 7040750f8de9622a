// SPDX-License-Identifier: MIT
import type { ConflictCause, Patch, PatchConflict } from '../model/index.ts';
import type { Checkout } from './checkout.ts';
import { type Hunk, listHunks } from './hunk.ts';
import { describeWhiteSpace, findNearest } from './nearest.ts';

/** git's progress, its hints for resolving the conflict by hand, and what follows from another sentence of it. */
const NOISE =
  /^(?:hint: |Applying: |When you have resolved this problem|If you prefer to skip this patch|To restore the original branch|Use 'git am --show-current-patch|The copy of the patch that failed|Patch failed at \d+ |Using index info|Falling back to patching|Auto-merging |[MAD]\t|error: could not build fake ancestor|error: sha1 information is lacking|error: repository lacks the necessary blob|Repository lacks necessary blobs|Did you hand edit your patch|It does not apply to blobs recorded|error: Failed to merge in the changes)/;

/** How git names the file that it could not patch, most exact first. The line is in the file before the patch. */
const NAMED = [
  /^error: patch failed: (?<file>.+):(?<line>\d+)$/m,
  /^error: (?<file>.+): (?:patch does not apply|does not exist in index|already exists in (?:index|working directory)|No such file or directory|does not match index|wrong type)$/m,
  /^error: invalid path '(?<file>.+)'$/m,
  /^error: affected file '(?<file>.+)' is beyond a symbolic link$/m,
  /^CONFLICT \([^)]*\): Merge conflict in (?<file>.+)$/m,
  /^CONFLICT \([^)]*\): There is a directory with name (?<file>.+) in /m,
  /^CONFLICT \((?:modify|rename)\/delete\): (?<file>.+) deleted in /m,
  /^error: cannot apply binary patch to '(?<file>.+)' /m,
];

/** What git says about a cause that is not a matter of lines, most exact first. */
const CAUSES: readonly (readonly [ConflictCause, RegExp])[] = [
  ['badPath', /^error: invalid path|^error: invalid file mode/m],
  ['symbolicLink', /is beyond a symbolic link|: is a symbolic link/m],
  [
    'binary',
    /cannot apply binary patch|does not match the current contents|binary patch does not apply|binary patch to .* creates incorrect result/m,
  ],
  ['author', /empty ident name|name consists only of disallowed characters|invalid (?:ident|date)/m],
  ['mode', /has type \d+, expected \d+|: wrong type$/m],
  ['fileMissing', /: (?:does not exist in index|No such file or directory)$/m],
  ['fileExists', /: already exists in (?:index|working directory)$|There is a directory with name/m],
];

/**
 * Explains why a patch does not apply to the tree as it is now: file and hunk, git's words, and beside the lines that the
 * hunk wants the nearest ones that the tree has. Only reads. Faults of `runCommand`.
 */
export async function explainConflict(
  checkout: Checkout,
  patch: Patch,
  output: string,
): Promise<PatchConflict> {
  const { number, subject } = patch;
  const words = cleanWords(output);
  const hunks = listHunks(Buffer.from(patch.diff).toString('latin1').split('\n'));
  const { file, hunk } = findPlace(hunks, patch.files, words);
  const place = { number, subject, file, hunk: hunk?.header ?? null, words };
  if (/Patch already applied/.test(output) || (await isInTree(checkout, patch)))
    return { ...place, cause: 'alreadyApplied' };
  if (
    /^(?:new|deleted) file mode 160000$|^index [0-9a-f.]+ 160000$/m.test(
      Buffer.from(patch.diff).toString('latin1'),
    )
  )
    return { ...place, cause: 'submodule' };
  const known = CAUSES.find(([, pattern]) => pattern.test(output))?.[0];
  if (known) return { ...place, cause: known };
  if (!file || !hunk) return { ...place, cause: 'unknown' };
  const entry = (await checkout.run(['ls-tree', '-z', 'HEAD', '--', file], { accept: 'any' })).stdout;
  if (/^(?:120000|160000) /.test(entry)) return { ...place, cause: 'mode' };
  const text = await readTreeFile(checkout, file);
  if (text === null) return { ...place, cause: 'fileMissing' };
  const nearest = findNearest(listWanted(hunk), text, hunk.oldStart);
  const difference = describeWhiteSpace(nearest);
  return difference === null
    ? { ...place, cause: 'otherText', nearest }
    : { ...place, cause: 'whiteSpace', difference, nearest };
}

/** git's sentences, each once: it says the same for every way in which the patch was tried. */
function cleanWords(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
  const telling = lines.filter((line) => !NOISE.test(line));
  return [...new Set(telling.length > 0 ? telling : lines)].slice(0, 30).join('\n');
}

/** The file and hunk that git names. A word of a sentence is no file: it must be one that the patch changes. */
function findPlace(
  hunks: readonly Hunk[],
  files: readonly string[],
  words: string,
): { readonly file: string | null; readonly hunk: Hunk | null } {
  const known = new Set([...files, ...hunks.map((hunk) => decode(hunk.file))]);
  for (const pattern of NAMED) {
    const { file, line } = pattern.exec(words)?.groups ?? {};
    if (file === undefined || !known.has(file)) continue;
    const own = hunks.filter((hunk) => decode(hunk.file) === file);
    return {
      file,
      hunk: line === undefined ? null : (own.find((hunk) => hunk.oldStart === Number(line)) ?? null),
    };
  }
  return { file: null, hunk: null };
}

function listWanted(hunk: Hunk): string[] {
  return hunk.body.filter((line) => /^[ -]/.test(line)).map((line) => decode(line.slice(1)));
}

function decode(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString();
}

/** A file of the commit that the tree is at, by its lines. Links are not followed. */
async function readTreeFile({ run }: Checkout, file: string): Promise<string[] | null> {
  const { exitCode, stdout } = await run(['cat-file', 'blob', `HEAD:${file}`], { accept: 'any' });
  return exitCode === 0 ? stdout.split('\n') : null;
}

/** Whether the tree contains the patch already, which is so if its reverse applies. */
export async function isInTree({ run }: Checkout, patch: Patch): Promise<boolean> {
  const args = ['apply', '--check', '--reverse'];
  return (await run(args, { input: patch.diff, accept: 'any' })).exitCode === 0;
}
