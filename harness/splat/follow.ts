// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import {
  BREAKING,
  CONSEQUENT_PANIC,
  HANG_TYPE,
  LEAKED_LOCK,
  LOCK_TYPE,
  MINOR_TYPES,
  OOPS_PATH,
  PANIC_TITLE,
  STARTING_TASK,
  TAINT_CORRUPTED,
  TAINT_DIED,
} from './kinds/aftermath.ts';
import { type ContextId, isTask } from './printk.ts';

/** A finished splat with what is known of its origin. */
export interface Finished {
  splat: Splat;
  readonly context: ContextId;
  /** Where its headline begins in the log. */
  readonly headlineStart: number;
  /** The number of boots before its own in the same log. */
  readonly boot: number;
  readonly seconds: number | null;
  /** When its last line came. */
  readonly lastSeconds: number | null;
  /** It counts only in a log without any stamp. */
  readonly unconfirmed: boolean;
}

/** Within this many seconds of a report's last line another one can be its consequence. */
const SOON_SECONDS = 10;
/** In a flood only this many of the latest roots are compared. */
const RECENT_ROOTS = 64;

/**
 * For each splat, in the order of the log, the index of the root it follows from; null for a root. A root that broke
 * something is preferred to one that did not, and the earlier to the later. Nothing follows from a splat of another boot.
 */
export function findRoots(all: readonly Finished[]): readonly (number | null)[] {
  const roots: (number | null)[] = [];
  const recent: number[] = [];
  for (const [index, own] of all.entries()) {
    const inOops = isInOops(own);
    const causes = recent.filter((earlier) => isCause(all[earlier], own, inOops));
    const breaking = (earlier: number) => isBreaking(all[earlier]);
    const broken = inOops ? causes.findLast(breaking) : causes.find(breaking);
    const root = broken ?? causes[0] ?? null;
    roots.push(root);
    if (root === null) recent.push(index);
    if (recent.length > RECENT_ROOTS) recent.shift();
  }
  return roots;
}

function isBreaking(one: Finished | undefined): boolean {
  return one !== undefined && BREAKING.test(one.splat.title);
}

function isCause(root: Finished | undefined, own: Finished, inOops: boolean): boolean {
  if (!root || own.boot !== root.boot) return false;
  const isTimed = own.seconds !== null && root.seconds !== null;
  if (isTimed && own.seconds < root.seconds) return false;
  const breaking = isBreaking(root);
  if (breaking && gained(TAINT_DIED, root, own)) return true;
  if (isTimed && own.seconds - (root.lastSeconds ?? root.seconds) > SOON_SECONDS) return false;
  const { title, type } = own.splat;
  if (CONSEQUENT_PANIC.test(title)) return true;
  if (breaking)
    return PANIC_TITLE.test(title) || gained(TAINT_CORRUPTED, root, own) || inOops || isSameTask(own, root);
  const isHang = HANG_TYPE.test(type) && HANG_TYPE.test(root.splat.type);
  const isOfLeak = LOCK_TYPE.test(type) && LEAKED_LOCK.test(root.splat.title);
  if (!isHang && !isOfLeak && (!MINOR_TYPES.test(type) || BREAKING.test(title))) return false;
  const { comm, culprit } = own.splat;
  if (STARTING_TASK.test(comm ?? '') && culprit !== root.splat.culprit) return false;
  return isSameTask(own, root);
}

/** Whether its trace leads through the code that ends an oops. */
function isInOops({ splat }: Finished): boolean {
  return splat.frames.some((frame) => frame.reliable && OOPS_PATH.test(frame.function));
}

/** Whether the kernel got a taint between two reports. */
function gained(letter: string, root: Finished, own: Finished): boolean {
  const has = ({ splat: { taint } }: Finished) => taint?.split(' ').includes(letter) === true;
  return has(own) && !has(root);
}

function isSameTask(own: Finished, root: Finished): boolean {
  if (isTask(own.context)) return own.context === root.context;
  const { pid, comm } = own.splat;
  if (own.seconds === null || pid === null || comm === null || pid === 0) return false;
  return pid === root.splat.pid && comm === root.splat.comm;
}
