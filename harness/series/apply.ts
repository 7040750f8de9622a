// SPDX-License-Identifier: MIT
import type { AppliedPatch, ApplyResult, Patch, Series } from '../model/index.ts';
import { type Checkout, openCheckout } from './checkout.ts';
import { composePatch } from './compose.ts';
import { explainConflict, isInTree } from './conflict.ts';

/** From strict to lenient. Each attempt is made only if those before it failed. */
const ATTEMPTS: readonly { readonly how: AppliedPatch['how']; readonly flags: readonly string[] }[] = [
  { how: 'plain', flags: ['--no-3way'] },
  { how: 'threeWay', flags: ['--3way'] },
  { how: 'reducedContext', flags: ['--no-3way', '-C2'] },
  { how: 'reducedContext', flags: ['--no-3way', '-C1'] },
];

const FLAGS = [
  '--patch-format=mboxrd',
  '--keep-cr',
  '--no-message-id',
  '--no-scissors',
  '--no-gpg-sign',
  '--no-rerere-autoupdate',
];

/**
 * Commits a series on a git worktree that is at its base. The same series on the same base gives the same tip. A patch
 * that does not apply is a value. The tree is then back at its base with nothing left over, as it is if this rejects.
 * Faults: `SERIES_DIRTY_TREE` (blame lab), and those of `runCommand`.
 */
export async function applySeries(
  series: Series,
  tree: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ApplyResult> {
  const checkout = await openCheckout(tree, options.signal);
  const applied: AppliedPatch[] = [];
  try {
    const whole = await applyWhole(checkout, series.patches);
    if (whole) return { ok: true, tip: await checkout.readHead(), patches: whole };
    for (const patch of series.patches) {
      const result = await applyPatch(checkout, patch);
      if ('words' in result) {
        const conflict = await explainConflict(checkout, patch, result.words);
        await checkout.restore();
        return { ok: false, conflict, patches: applied };
      }
      applied.push(result);
    }
    return { ok: true, tip: await checkout.readHead(), patches: applied };
  } catch (error) {
    await checkout.restore();
    throw error;
  }
}

/** The number of the last applied patch that changed a file (a path in the tree), or null. */
export function lastPatchTouching(patches: readonly AppliedPatch[], file: string): number | null {
  return patches.findLast((patch) => patch.files.includes(file))?.number ?? null;
}

/**
 * Applies all patches with one plain `git am`, which reads and writes the index of a large tree once: this takes a
 * third of the time. Null if any patch does not apply; the tree is then back at its base.
 */
async function applyWhole(checkout: Checkout, patches: readonly Patch[]): Promise<AppliedPatch[] | null> {
  const before = await checkout.readHead();
  const { exitCode } = await runAm(checkout, patches, ['--no-3way']);
  const range = `${before}..HEAD`;
  const list = exitCode === 0 ? (await checkout.run(['rev-list', '--reverse', range])).stdout : '';
  const commits = list.split('\n').filter((commit) => commit !== '');
  if (commits.length !== patches.length) {
    await checkout.restore(before);
    return null;
  }
  const applied: AppliedPatch[] = [];
  for (const [index, patch] of patches.entries())
    applied.push(await describeApplied(checkout, patch, commits[index] ?? '', 'plain'));
  return applied;
}

/** Applies one patch by the first attempt that works, or returns what git said about all of them. */
async function applyPatch(
  checkout: Checkout,
  patch: Patch,
): Promise<AppliedPatch | { readonly words: string }> {
  const before = await checkout.readHead();
  const words: string[] = [];
  for (const { how, flags } of ATTEMPTS) {
    const attempt = await runAm(checkout, [patch], flags);
    if (attempt.exitCode === 0) {
      const commit = await checkout.readHead();
      if (commit !== before) return describeApplied(checkout, patch, commit, how);
    } else {
      await checkout.restore(before);
    }
    words.push(attempt.stdout, attempt.stderr);
    // Reduced context could apply a patch twice. Success without a commit means that git merged it into nothing.
    if (attempt.exitCode === 0 || (how === 'threeWay' && (await isInTree(checkout, patch)))) break;
  }
  return { words: words.join('\n') };
}

/** Runs `git am`. An abort waits for its end: git killed in the middle of a write leaves locks behind. */
function runAm(checkout: Checkout, patches: readonly Patch[], flags: readonly string[]) {
  const input = Buffer.concat(patches.map((patch) => composePatch(patch)));
  return checkout.run(['am', ...FLAGS, ...flags], { input, accept: 'any', signal: undefined });
}

async function describeApplied(
  checkout: Checkout,
  { number, subject }: Patch,
  commit: string,
  how: AppliedPatch['how'],
): Promise<AppliedPatch> {
  const flags = ['-r', '-z', '--no-commit-id', '--name-only', '--no-renames'];
  const { stdout } = await checkout.run(['diff-tree', ...flags, commit]);
  const files = stdout.split('\0').filter((path) => path !== '');
  return { number, subject, commit, how, files };
}
