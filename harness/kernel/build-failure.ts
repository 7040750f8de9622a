// SPDX-License-Identifier: MIT
import { isAbsolute, join } from 'node:path';
import { exists } from '../host/index.ts';
import type { Diagnostic } from '../model/index.ts';
import type { Roots } from './diagnostic.ts';

/** Trouble of this computer that makes a build fail whatever is built. */
export interface LabTrouble {
  readonly what: string;
  readonly next: string;
}

const MEMORY = 'free some memory, or start fewer builds and machines at once, and run it again';
/** What to do about a full disk. */
export const DISK = 'free some space on the disk of the cache, and run it again';
const AGAIN = 'run it again; if this persists, check the compiler and the memory of this computer';

/** What programs print when the computer fails them. The first row that matches any line counts. */
const TROUBLES: readonly { readonly pattern: RegExp; readonly what: string; readonly next: string }[] = [
  { pattern: /\bNo space left on device\b/, what: 'the disk is full', next: DISK },
  { pattern: /\bDisk quota exceeded\b/, what: 'the disk quota is used up', next: DISK },
  { pattern: /\bRead-only file system\b/, what: 'the file system is read-only', next: DISK },
  { pattern: /\bInput\/output error\b/, what: 'reading or writing failed', next: 'check the disk' },
  {
    pattern: /\b(?:[Cc]annot allocate memory|[Oo]ut of memory|(?:virtual )?memory exhausted)\b/,
    what: 'there was not enough memory',
    next: MEMORY,
  },
  {
    pattern: /\bToo many open files\b/,
    what: 'too many files were open',
    next: 'raise the limit: ulimit -n 4096',
  },
  {
    pattern: /\b(?:fork|vfork|clone)\b.*: Resource temporarily unavailable\b/,
    what: 'no process could be started',
    next: 'end other programs, or raise the limit: ulimit -u',
  },
  {
    pattern: /\bKilled signal terminated program (\S+)/,
    what: 'the compiler was killed',
    next: MEMORY,
  },
  {
    pattern: /^clang\S*: error: unable to execute command: Killed/,
    what: 'the compiler was killed',
    next: MEMORY,
  },
  {
    pattern:
      /\binternal compiler error\b|\berror in backend: |^clang\S*: error: (?:unable to execute command|clang frontend command failed)/,
    what: 'the compiler crashed',
    next: AGAIN,
  },
  { pattern: /\bsignal terminated program (\S+)/, what: 'the compiler crashed', next: AGAIN },
  {
    pattern:
      /^make(?:\[\d+\])?: \*\*\* .*(?:\bError 1(?:3[2-9]|43)|\b(?:Killed|Terminated|Bus error|Segmentation fault)(?: \(core dumped\))?)$/,
    what: 'a program of the build was killed',
    next: MEMORY,
  },
];

/** Source lines that the compiler quotes, and messages about the source: they may contain any words. */
const ABOUT_THE_SOURCE = /^\s*\d*\s+\||^[^\s:][^:]*:\d+:(?:\d+:)? (?:warning|error|note): /;

/** The lines of a log that are no quotation of the source and no message about it. */
export function linesOfPrograms(log: string): string[] {
  return log.split('\n').filter((line) => !ABOUT_THE_SOURCE.test(line));
}

/** Finds in the log of a failed build what was wrong with this computer, or null. */
export function findLabTrouble(log: string): LabTrouble | null {
  const lines = linesOfPrograms(log);
  for (const { pattern, what, next } of TROUBLES) {
    const line = lines.find((one) => pattern.test(one));
    if (line !== undefined) return { what: `${what}: ${line.trim()}`, next };
  }
  return null;
}

/** Errors at link time that only what is linked can cause. */
const LINK_ERROR =
  /undefined reference to|multiple definition of|undefined symbol: |duplicate symbol: |undefined!|exported twice|will not fit in region|overlaps? section|relocation truncated|assert/i;

/** Whether one of the errors is about the source: it names a file of the tree, or what the linker was given. */
export async function isAboutSource(errors: readonly Diagnostic[], roots: Roots): Promise<boolean> {
  for (const { file, message } of errors) {
    if (LINK_ERROR.test(message) || /^No rule to make target/.test(message)) return true;
    if (isAbsolute(file)) continue;
    // Inline assembly has no other name.
    if (file === '{standard input}') return true;
    if ((await exists(join(roots.tree, file))) || (await exists(join(roots.output, file)))) return true;
  }
  return false;
}
