// SPDX-License-Identifier: MIT
import { runGit } from '../host/index.ts';

/** Line numbers that differ between two commits, by path. */
export interface ChangedLines {
  /** Lines of the older commit's files that the newer one removed or changed. */
  readonly removed: ReadonlyMap<string, ReadonlySet<number>>;
  /** Lines of the newer commit's files that it added or changed. */
  readonly added: ReadonlyMap<string, ReadonlySet<number>>;
}

/**
 * The text of a file in a commit, read from git's objects: the worktree may be at another arm. Null when the commit has
 * no such file, or the repository no such commit.
 */
export async function readSourceText(tree: string, commit: string, path: string): Promise<string | null> {
  if (path.startsWith('/') || path.split('/').includes('..') || !/^[0-9a-f]{7,64}$/.test(commit)) return null;
  const { exitCode, stdout } = await runGit(['cat-file', 'blob', `${commit}:${path}`], {
    cwd: tree,
    accept: 'any',
  });
  return exitCode === 0 ? stdout : null;
}

/** Finds the lines that differ between two commits. Fault `HOST_COMMAND_FAILED` when the repository lacks one of them. */
export async function findChangedLines(tree: string, older: string, newer: string): Promise<ChangedLines> {
  const { stdout } = await runGit(
    [
      'diff',
      '--no-color',
      '--no-ext-diff',
      '--no-textconv',
      '--find-renames',
      '--src-prefix=a/',
      '--dst-prefix=b/',
      '-U0',
      '--end-of-options',
      older,
      newer,
      '--',
    ],
    { cwd: tree },
  );
  return parseChangedLines(stdout);
}

/** Parses a diff without context lines. */
export function parseChangedLines(diff: string): ChangedLines {
  const removed = new Map<string, Set<number>>();
  const added = new Map<string, Set<number>>();
  let from = '';
  let to = '';
  /** Lines left in the hunk. They may look like headings. */
  let rest = 0;
  for (const line of diff.split('\n')) {
    if (rest > 0 && /^[-+]/.test(line)) {
      rest -= 1;
      continue;
    }
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (hunk) {
      const [fromCount, toCount] = [Number(hunk[2] ?? 1), Number(hunk[4] ?? 1)];
      rest = fromCount + toCount;
      take(removed, from, Number(hunk[1]), fromCount);
      take(added, to, Number(hunk[3]), toCount);
    } else if (line.startsWith('--- ')) from = pathOf(line, 'a/');
    else if (line.startsWith('+++ ')) to = pathOf(line, 'b/');
  }
  return { removed, added };
}

function take(lines: Map<string, Set<number>>, path: string, first: number, count: number): void {
  if (count === 0) return;
  const known = lines.get(path) ?? new Set();
  for (let number = first; number < first + count; number += 1) known.add(number);
  lines.set(path, known);
}

/** The path in a heading. git puts a tab after one that contains spaces. Empty for `/dev/null`. */
function pathOf(line: string, prefix: string): string {
  const path = line.slice(4).replace(/\t$/, '');
  return path.startsWith(prefix) ? path.slice(prefix.length) : '';
}
