// SPDX-License-Identifier: MIT

/**
 * Titles of panics in which the kernel reports that it was given no root file system, or no program to start. A wrong image,
 * command line or disk causes them at least as often as a kernel bug does, so alone they are no evidence against the kernel.
 */
const NO_USER_SPACE: readonly RegExp[] = [
  /^kernel panic: VFS: Unable to mount root fs/i,
  /^kernel panic: Requested init .* failed/i,
  /^kernel panic: No working init found/i,
  /^kernel panic: No init found/i,
  /^kernel panic: Attempted to kill init/i,
];

/** Whether a splat's title says that the kernel found nothing to run, rather than that the kernel failed. */
export function isMissingUserSpace(title: string): boolean {
  return NO_USER_SPACE.some((pattern) => pattern.test(title));
}
