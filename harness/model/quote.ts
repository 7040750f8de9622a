// SPDX-License-Identifier: MIT

/** One argument as a POSIX shell must read it: unquoted where that is safe, else in single quotes. */
export function quoteArg(arg: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}

/** An argument vector as one line that can be pasted into a POSIX shell. */
export function quoteArgs(argv: readonly string[]): string {
  return argv.map(quoteArg).join(' ');
}
