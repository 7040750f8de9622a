// SPDX-License-Identifier: MIT
import type { Fault } from '../model/index.ts';

/** What `git bisect run` takes for "this commit cannot be tested", and from which exit code on it stops (git-bisect(1)). */
export const BISECT_SKIP = 125;
const BISECT_STOP = 128;
const INTERRUPTED = 130;

/** Faults that are about the commit on trial and not about the request: the next commit may be without them. */
const OF_COMMIT: readonly string[] = [
  'KERNEL_DOES_NOT_COMPILE',
  'KERNEL_PATCH_FAILED',
  'CONFIG_LOST_OPTION',
  'SERIES_REJECTED',
];
/** Faults of the lab that the next commit would meet as well. */
const OF_COMPUTER: readonly string[] = ['HOST_PROGRAM_MISSING', 'HOST_DISK_FULL', 'KERNEL_NO_SANDBOX'];

/**
 * Makes the function that turns an exit code, and the fault behind it, into the one that the caller of these arguments
 * understands. For git bisect 1 to 124 and 126, 127 mean a bad commit, so that only a verdict may give 1; a misspelt option of
 * such a line must not, so every line that looks like one counts.
 */
export function chooseExitCodes(args: readonly string[]): (code: number, fault?: Fault) => number {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  return own.some((arg) => /^--exit|^--.*=bisect$/.test(arg)) ? codeForBisect : (code) => code;
}

function codeForBisect(code: number, fault?: Fault): number {
  if (code === 0 || code === 1 || code === BISECT_SKIP) return code;
  if (code >= BISECT_STOP) return INTERRUPTED;
  if (fault && OF_COMMIT.includes(fault.code)) return BISECT_SKIP;
  if (code === 69 && !(fault && OF_COMPUTER.includes(fault.code))) return BISECT_SKIP;
  return BISECT_STOP;
}
