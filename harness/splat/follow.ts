// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import { type ContextId, isTask } from './printk.ts';

/** A finished splat with what is known of its origin. */
export interface Finished {
  splat: Splat;
  readonly context: ContextId;
  /** Counts the lives of the kernel: a start, or stamps that go back, begin a new one. */
  readonly life: number;
  readonly seconds: number | null;
  /** When its last line came. */
  readonly lastSeconds: number | null;
  readonly doubted: boolean;
}

/** Seconds within which a complaint of the same task, or one under a broken kernel, is taken to follow from another. */
const SOON = 10;
const DEADLY =
  /^(?:BUG: unable|BUG: kernel|general protection|kernel BUG|BUG: corrupted list|BUG: bad usercopy|divide|invalid opcode|int3|stack segment|Oops|Internal error|Unhandled|Alignment|KASAN|KFENCE|BUG: Bad page)/;

/**
 * For each splat, in the order of the log, the index of the one it follows from, or null for a root. Never a guess over
 * a reboot.
 */
export function findRoots(all: readonly Finished[]): readonly (number | null)[] {
  const roots: (number | null)[] = [];
  const recent: number[] = [];
  for (const [index, own] of all.entries()) {
    let root: number | null = null;
    for (const earlier of recent) {
      const other = all[earlier];
      if (!other || !follows(own, other)) continue;
      root = earlier;
      break;
    }
    roots.push(root);
    if (root === null) recent.push(index);
    // Floods: only the last few roots can be the cause.
    if (recent.length > 64) recent.shift();
  }
  return roots;
}

function follows(own: Finished, root: Finished): boolean {
  if (own.life !== root.life) return false;
  const gap =
    own.seconds === null || root.seconds === null ? null : own.seconds - (root.lastSeconds ?? root.seconds);
  const since = own.seconds === null || root.seconds === null ? null : own.seconds - root.seconds;
  if (since !== null && since < 0) return false;
  const soon = gap === null ? true : gap <= SOON;
  const taint = own.splat.taint ?? '';
  const rootTaint = root.splat.taint ?? '';
  const died = /\bD\b/.test(taint) && !/\bD\b/.test(rootTaint) && DEADLY.test(root.splat.title);
  if (died) return true;
  if (!soon) return false;
  if (/^kernel panic|^kernel stack overflow/.test(own.splat.title)) return true;
  if (/\bB\b/.test(taint) && !/\bB\b/.test(rootTaint) && DEADLY.test(root.splat.title)) return true;
  return sameTask(own, root);
}

function sameTask(own: Finished, root: Finished): boolean {
  if (isTask(own.context)) return own.context === root.context;
  const { pid, comm } = own.splat;
  if (own.seconds === null || pid === null || comm === null || pid === 0) return false;
  return pid === root.splat.pid && comm === root.splat.comm;
}
