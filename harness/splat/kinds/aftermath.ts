// SPDX-License-Identifier: MIT
import { PANIC_AFTERMATH_WORDS } from './panic.ts';

/** Titles of reports after which a task is dead or memory is corrupted: whatever its task does next may be a consequence. */
export const BREAKING: RegExp =
  /^(?:BUG: unable|BUG: kernel|general protection|kernel BUG|BUG: corrupted list|BUG: bad usercopy|BUG \S+ \((?:Not tainted|Tainted)|divide|invalid opcode|int3|stack segment|Oops|Internal error|Unhandled|Alignment|KASAN|KFENCE|BUG: Bad page)/;

/** Titles of panics, which end the kernel whichever task is running. */
export const PANIC_TITLE: RegExp = /^kernel panic|^kernel stack overflow/;

/** Titles of panics whose own words say that an earlier report is the reason. */
export const CONSEQUENT_PANIC: RegExp = new RegExp(`^kernel panic: (?:${PANIC_AFTERMATH_WORDS})`, 'i');

/**
 * Types of reports that can be a consequence of a report that broke nothing, such as a WARNING. All others, KASAN and
 * lockdep among them, find a fault of their own.
 */
export const MINOR_TYPES: RegExp = /^(?:WARNING|REFCOUNT_WARNING|ATOMIC_SLEEP|BUG|INFO)$/;

/** Titles of reports after which a task has a lock that it should not have: lockdep complains of what the task does next. */
export const LEAKED_LOCK: RegExp =
  /^BUG: workqueue leaked|^WARNING: lock held when returning to user space|still has locks held/;

/** The type of what lockdep says. */
export const LOCK_TYPE: RegExp = /^LOCKDEP$/;

/** Types of hangs: one hang is often reported by several watchdogs. */
export const HANG_TYPE: RegExp = /^HANG$/;

/** Functions that end an oops: a complaint from inside them is a consequence of that oops. */
export const OOPS_PATH: RegExp = /^(?:__)?die$|^oops_(?:end|exit)$|^make_task_dead$|^rewind_stack/;

/** The task that starts the kernel runs the code of all drivers: what they complain of has nothing in common, unless it is of one function. */
export const STARTING_TASK: RegExp = /^swapper\//;

/** Letters of the tainted line: a task died, and memory or a page was found corrupted. */
export const TAINT_DIED = 'D';
export const TAINT_CORRUPTED = 'B';
