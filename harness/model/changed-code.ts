// SPDX-License-Identifier: MIT

/** The changed files that are code of the kernel: what a configuration does not compile is not on trial. */
export interface ChangedCode {
  readonly compiled: readonly string[];
  readonly notCompiled: readonly string[];
}

/** Whether nothing of a series was on trial: it changes source files, and not one of them was compiled. */
export function isUntried({ compiled, notCompiled }: ChangedCode): boolean {
  const isSource = (file: string) => !file.endsWith('.h');
  const sources = [...compiled, ...notCompiled].some(isSource);
  return notCompiled.length > 0 && !compiled.some((file) => !sources || isSource(file));
}

/** Files that are named in a sentence; the record has them all. */
const NAMED = 5;

/** Says which changed files were not on trial; null where all were. */
export function describeUntried(code: ChangedCode): string | null {
  const { notCompiled } = code;
  if (notCompiled.length === 0) return null;
  const more = notCompiled.length > NAMED ? ` and ${notCompiled.length - NAMED} more` : '';
  const names = `${notCompiled.slice(0, NAMED).join(', ')}${more}`;
  return isUntried(code)
    ? `nothing of the series was on trial: its configuration does not compile ${names}`
    : `not on trial, as the configuration does not compile ${notCompiled.length === 1 ? 'it' : 'them'}: ${names}`;
}
