// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type AppliedPatch, type ApplyResult, Fault, type Patch, type Series } from '../model/index.ts';
import { describeConflict } from './conflict.ts';
import { type GitOptions, git } from './git.ts';
import { readDiff } from './mail.ts';

/** From strict to lenient. Each further way is tried only when the ways before it failed. */
const WAYS: readonly { readonly how: AppliedPatch['how']; readonly flags: readonly string[] }[] = [
  { how: 'plain', flags: ['--no-3way'] },
  { how: 'threeWay', flags: ['--3way'] },
  { how: 'reducedContext', flags: ['--no-3way', '-C2'] },
  { how: 'reducedContext', flags: ['--no-3way', '-C1'] },
];

const FLAGS = [
  '--patch-format=mboxrd',
  '--quoted-cr=nowarn',
  '--no-keep-cr',
  '--no-message-id',
  '--no-scissors',
  '--no-gpg-sign',
  '--no-rerere-autoupdate',
];

/**
 * Commits a series on a git worktree that stands at its base. The same series on the same base gives the same tip.
 * A patch that does not apply is a value; the tree is then back at its base, with nothing left over, and so it is
 * when this rejects. Faults: `SERIES_DIRTY_TREE` (blame lab), and those of `runCommand`.
 */
export async function applySeries(
  series: Series,
  tree: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ApplyResult> {
  const stage = await openStage(tree, options.signal);
  const applied: AppliedPatch[] = [];
  try {
    const whole = await applyWhole(stage, series.patches);
    if (whole) return { ok: true, tip: await stage.head(), patches: whole };
    for (const patch of series.patches) {
      const result = await applyPatch(stage, patch);
      if ('words' in result) {
        await stage.restore();
        const conflict = describeConflict(patch, await readDiff(patch.mail, options.signal), result.words);
        return { ok: false, conflict, patches: applied };
      }
      applied.push(result);
    }
    return { ok: true, tip: await stage.head(), patches: applied };
  } catch (error) {
    await stage.restore();
    throw error;
  }
}

/** The number of the last applied patch that changed a file (a path in the tree), or null. */
export function lastPatchTouching(patches: readonly AppliedPatch[], file: string): number | null {
  return patches.reduce<number | null>(
    (last, patch) => (patch.files.includes(file) ? patch.number : last),
    null,
  );
}

/** A tree that is being worked on, and the way back. */
interface Stage {
  run(args: readonly string[], more?: GitOptions): ReturnType<typeof git>;
  head(): Promise<string>;
  /** Ends a started `git am` and takes its changes back, to the commit named or else to the base. */
  restore(commit?: string): Promise<void>;
}

async function openStage(tree: string, signal?: AbortSignal): Promise<Stage> {
  const run = (args: readonly string[], more: GitOptions = {}) => git(args, { cwd: tree, signal, ...more });
  const head = async () => (await run(['rev-parse', '--verify', 'HEAD'])).stdout.trim();
  const listExtra = async (more: GitOptions = {}) =>
    (await run(['ls-files', '--others', '-z'], more)).stdout.split('\0').filter((path) => path !== '');
  const places = (await run(['rev-parse', '--git-path', 'rebase-apply', '--git-path', 'index.lock'])).stdout
    .trim()
    .split('\n')
    .map((place) => resolve(tree, place));
  const clearSession = async () => {
    for (const place of places) await rm(place, { recursive: true, force: true });
  };
  await clearSession();
  const dirty = (await run(['status', '--porcelain', '--untracked-files=no'])).stdout.trimEnd();
  if (dirty !== '') {
    throw new Fault({
      blame: 'lab',
      code: 'SERIES_DIRTY_TREE',
      message: `${tree} has changes that are not committed: no patch was applied`,
      details: dirty.split('\n').slice(0, 20),
    });
  }
  const base = await head();
  const extra = new Set(await listExtra());
  return {
    run,
    head,
    async restore(commit = base) {
      // Not `signal`: the way back must be walked to its end after an abort too.
      const still: GitOptions = { signal: undefined };
      await run(['am', '--abort'], { ...still, accept: 'any' });
      await clearSession();
      await run(['reset', '--hard', '--quiet', commit], still);
      for (const path of await listExtra(still))
        if (!extra.has(path)) await rm(join(tree, path), { recursive: true, force: true });
    },
  };
}

/**
 * All patches in one plain `git am`, which reads and writes the index of a large tree once: a third of the time. Null
 * when any does not fit; the tree is then back at its base, and one after the other shows which, and what helps.
 */
async function applyWhole(stage: Stage, patches: readonly Patch[]): Promise<AppliedPatch[] | null> {
  const before = await stage.head();
  const input = Buffer.from(patches.map((patch) => patch.mail).join(''), 'latin1');
  const { exitCode } = await stage.run(['am', ...FLAGS, '--no-3way'], {
    input,
    accept: 'any',
    signal: undefined,
  });
  const list = exitCode === 0 ? (await stage.run(['rev-list', '--reverse', `${before}..HEAD`])).stdout : '';
  const commits = list.split('\n').filter((commit) => commit !== '');
  if (commits.length !== patches.length) {
    await stage.restore(before);
    return null;
  }
  const applied: AppliedPatch[] = [];
  for (const [index, patch] of patches.entries())
    applied.push(await describeApplied(stage, patch, commits[index] ?? '', 'plain'));
  return applied;
}

async function applyPatch(stage: Stage, patch: Patch): Promise<AppliedPatch | { readonly words: string }> {
  const before = await stage.head();
  const words: string[] = [];
  const input = Buffer.from(patch.mail, 'latin1');
  for (const { how, flags } of WAYS) {
    // An abort waits for this command: git killed in the middle of a write leaves locks behind.
    const attempt = await stage.run(['am', ...FLAGS, ...flags], { input, accept: 'any', signal: undefined });
    if (attempt.exitCode === 0) {
      const commit = await stage.head();
      if (commit !== before) return describeApplied(stage, patch, commit, how);
    } else {
      await stage.restore(before);
    }
    words.push(`git am ${flags.join(' ')}:`, attempt.stdout, attempt.stderr);
    // git merged the patch into nothing: the tree holds it already, and fewer context lines would apply it twice.
    if (attempt.exitCode === 0 || (how === 'threeWay' && (await isThere(stage, patch)))) break;
  }
  return { words: words.join('\n') };
}

/** Whether the tree holds the patch already, so that it can be taken out of it. */
async function isThere(stage: Stage, patch: Patch): Promise<boolean> {
  const diff = Buffer.from(await readDiff(patch.mail), 'latin1');
  return (await stage.run(['apply', '--check', '--reverse'], { input: diff, accept: 'any' })).exitCode === 0;
}

async function describeApplied(
  stage: Stage,
  patch: Patch,
  commit: string,
  how: AppliedPatch['how'],
): Promise<AppliedPatch> {
  const { stdout } = await stage.run([
    'diff-tree',
    '-r',
    '-z',
    '--no-commit-id',
    '--name-only',
    '--no-renames',
    commit,
  ]);
  const files = stdout.split('\0').filter((path) => path !== '');
  return { number: patch.number, subject: patch.subject, commit, how, files };
}
