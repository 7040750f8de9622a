// SPDX-License-Identifier: MIT

/**
 * Why nobody can say whether a changed function ran. `inlined`: the compiler put it into its callers; `noCode`: there is no
 * code of its name in this kernel, as it was inlined or left out; `ambiguous`: several functions have its name; `boot`: it is
 * part of the kernel's own start; `refused`: the kernel does not let it be probed;
 * `alsoInlined`: it was not entered, and the compiler put it into callers as well; `unread`: nobody could ask the guest.
 */
export type Unmeasured = 'inlined' | 'noCode' | 'ambiguous' | 'boot' | 'refused' | 'alsoInlined' | 'unread';

const WORDS: Readonly<Record<Unmeasured, string>> = {
  inlined: 'inlined',
  noCode: 'no code of its own',
  ambiguous: 'several functions of that name',
  boot: 'runs while the kernel starts',
  refused: 'cannot be probed',
  alsoInlined: 'not entered, but also inlined',
  unread: 'the guest could not be asked',
};

/** Why a function was not measured, in words for people. */
export function describeUnmeasured(why: Unmeasured): string {
  return WORDS[why];
}

/** A function of the source with lines that the series changes. */
export interface ChangedFunction {
  readonly function: string;
  readonly file: string;
  /** Names of its code by which the kernel finds it: `vfs_open`, `mdev:mdev_probe`. Empty where it cannot be counted. */
  readonly probes: readonly string[];
  /** Whether the compiler put it into callers, where it runs uncounted; null: not known. */
  readonly inlined: boolean | null;
  /** Why it cannot be counted; null where it can. */
  readonly unmeasured: Unmeasured | null;
}

/** The functions that a series changes, in one arm's kernel. */
export interface ArmCoverage {
  /** At most `MAXIMUM_CHANGED_FUNCTIONS`. */
  readonly functions: readonly ChangedFunction[];
  /** How many there are. */
  readonly total: number;
  /** Why guests of this kernel count nothing: `the kernel has no KPROBES`. Null where they count. */
  readonly notMeasured: string | null;
}

/** How often a changed function was entered in one trial. */
export interface FunctionHits {
  readonly function: string;
  readonly file: string;
  /** Counting stops soon after 1000; 0 also where its module was not loaded. Null: not measured. */
  readonly hits: number | null;
  /** Why it was not measured. Absent where it was. */
  readonly unmeasured?: Unmeasured;
}

/** Which of the changed functions ran in one trial. */
export interface TrialCoverage {
  readonly functions: readonly FunctionHits[];
  /** What counting took of the trial, in milliseconds. */
  readonly costMs: number;
}

/** Which of the changed functions ran in trials of the patched kernel. It decides nothing. */
export interface CoverageVerdict {
  /** How many functions the series changes. */
  readonly changed: number;
  /** How many of them ran in one trial at least. */
  readonly ran: number;
  /** Measured, and never entered: `mdev_probe (drivers/vfio/mdev/mdev_driver.c)`. */
  readonly neverExecuted: readonly string[];
  readonly notMeasured: readonly { readonly function: string; readonly reason: string }[];
  /** Trials that counted. */
  readonly trials: number;
  /** Why nothing was measured at all; null where something was. */
  readonly reason: string | null;
}

/** Changed functions that an arm keeps; a series that changes more is not looked at function by function. */
export const MAXIMUM_CHANGED_FUNCTIONS = 200;

/** `3 of 5 changed functions ran; never executed: a (x.c), b (x.c); not measured: c (y.h): inlined`. */
export function describeCoverage(coverage: CoverageVerdict): string {
  const { changed, ran, neverExecuted, notMeasured, reason } = coverage;
  if (reason !== null) return `not measured: ${reason}`;
  return [
    `${ran} of ${changed} changed functions ran`,
    ...(neverExecuted.length > 0 ? [`never executed: ${name(neverExecuted)}`] : []),
    ...(notMeasured.length > 0
      ? [`not measured: ${name(notMeasured.map((one) => `${one.function}: ${one.reason}`))}`]
      : []),
  ].join('; ');
}

/** Functions that one line names; the record has them all. */
const NAMED = 12;

function name(functions: readonly string[]): string {
  const more = functions.length - NAMED;
  return [...functions.slice(0, NAMED), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}
