// SPDX-License-Identifier: MIT
import { type CommandResult, runCommand } from '../host/index.ts';
import type { AppliedPatch, ApplyResult, Patch, PatchConflict, Series } from '../model/index.ts';
import { GIT_ALONE } from './mailbox.ts';

interface ApplyOptions {
  readonly signal?: AbortSignal;
}

/** Fixed, so that the same series on the same base gives the same commits. */
const COMMITTER: Readonly<Record<string, string>> = {
  ...GIT_ALONE,
  GIT_COMMITTER_NAME: 'ktrial',
  GIT_COMMITTER_EMAIL: 'ktrial@localhost',
  GIT_COMMITTER_DATE: '1970-01-01T00:00:00Z',
};

/** Ways to apply a patch, the strictest first. */
const WAYS: readonly { readonly how: AppliedPatch['how']; readonly flags: readonly string[] }[] = [
  { how: 'plain', flags: [] },
  { how: 'threeWay', flags: ['-3'] },
  { how: 'reducedContext', flags: ['-C2'] },
  { how: 'reducedContext', flags: ['-C1'] },
];

/**
 * Applies a series to a git worktree that stands at its base. On a conflict the tree is back at the base and nothing
 * is left behind; the conflict is a value, with git's own words.
 */
export async function applySeries(series: Series, tree: string, options: ApplyOptions = {}): Promise<ApplyResult> {
  const git = (args: readonly string[], input?: string): Promise<CommandResult> =>
    runCommand('git', ['-c', 'core.hooksPath=/dev/null', '-c', 'commit.gpgSign=false', '-c', 'gc.auto=0', '-c', 'core.fsync=none', ...args], {
      cwd: tree,
      env: COMMITTER,
      accept: 'any',
      ...(input === undefined ? {} : { input }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  const base = (await git(['rev-parse', 'HEAD'])).stdout.trim();
  const applied: AppliedPatch[] = [];
  for (const patch of series.patches) {
    const result = await applyPatch(patch, git);
    if (!result.ok) {
      await git(['reset', '-q', '--hard', base]);
      await git(['clean', '-q', '-fd']);
      return { ok: false, conflict: result.conflict, patches: applied };
    }
    const commit = (await git(['rev-parse', 'HEAD'])).stdout.trim();
    const files = (await git(['diff-tree', '-r', '-z', '--no-commit-id', '--name-only', '--root', commit])).stdout.split('\0').filter((name) => name !== '');
    applied.push({ number: patch.number, subject: patch.subject, commit, how: result.how, files });
  }
  const tip = (await git(['rev-parse', 'HEAD'])).stdout.trim();
  return { ok: true, tip, patches: applied };
}

type Git = (args: readonly string[], input?: string) => Promise<CommandResult>;

async function applyPatch(patch: Patch, git: Git): Promise<{ readonly ok: true; readonly how: AppliedPatch['how'] } | { readonly ok: false; readonly conflict: PatchConflict }> {
  let first: CommandResult | null = null;
  for (const { how, flags } of WAYS) {
    const result = await git(['am', '--keep-cr', '--no-gpg-sign', ...flags], patch.mail);
    if (result.exitCode === 0) return { ok: true, how };
    first ??= result;
    await git(['am', '--abort']);
  }
  return { ok: false, conflict: describeConflict(patch, `${first?.stdout ?? ''}\n${first?.stderr ?? ''}`) };
}

/** Finds file and hunk in git's words: `error: patch failed: FILE:LINE`. */
function describeConflict(patch: Patch, words: string): PatchConflict {
  const failed = /patch failed: (.+):(\d+)/.exec(words);
  const absent = /error: (.+): (?:does not exist in index|already exists in index|No such file or directory)/.exec(words);
  const file = failed?.[1] ?? absent?.[1] ?? null;
  const hunk = failed ? findHunk(patch.mail, failed[1] ?? '', Number(failed[2])) : null;
  const lines = words.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('hint: '));
  return { number: patch.number, subject: patch.subject, file, hunk, words: lines.join('\n') };
}

function findHunk(mail: string, file: string, line: number): string | null {
  const section = mail.slice(Math.max(0, mail.indexOf(`+++ b/${file}`)));
  for (const [header = '', old] of section.matchAll(/^@@ -(\d+)[^@]*@@.*$/gm)) if (Number(old) === line) return header;
  return null;
}

/** Number of the last patch that touched a file, or null. */
export function lastPatchTouching(patches: readonly AppliedPatch[], file: string): number | null {
  return patches.filter((patch) => patch.files.includes(file)).at(-1)?.number ?? null;
}
