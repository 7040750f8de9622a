// SPDX-License-Identifier: MIT
import { isAbsolute, join } from 'node:path';
import type { Diagnostic } from '../model/index.ts';

type Found = Omit<Diagnostic, 'patch'>;

/** Where the tree and the output directory are: `file` of a diagnostic is relative to either. */
export interface Roots {
  readonly tree: string;
  readonly output: string;
}

/** `file` of an error at link time that names no source file. */
const LINK = '(link)';

interface Rule {
  readonly pattern: RegExp;
  readonly read: (match: RegExpExecArray, roots: Roots) => Found;
}

/** One rule for each program that reports errors in a kernel build. The first that matches a line counts. */
const RULES: readonly Rule[] = [
  {
    // The linker, on a symbol: `x.c:12: undefined reference to 'f'`, `ld: a.o:x.c:(.text+0x1): multiple definition of 'f'`.
    pattern:
      /^(?:\S*\bld(?:\.\w+)?: )?(?:[^\s:]+\.[oa]: ?)?(?:([^\s:]+\.[chS]):(?:(\d+)|\([^)]*\)): )?((?:undefined reference to|multiple definition of) .*)$/,
    read: ([, path, row, message = ''], roots) => ({
      ...error(path === undefined ? LINK : relativePath(path, roots), message),
      line: row === undefined ? null : Number(row),
    }),
  },
  {
    // LLVM's linker; it names files on the lines that follow.
    pattern: /^\S*\bld\.lld(?:-\d+)?: (error|warning): (.*)$/,
    read: ([, word, message = '']) => ({
      ...error(LINK, message),
      severity: word === 'warning' ? 'warning' : 'error',
    }),
  },
  {
    // The C compilers and sparse, and the assembler with its capital letters.
    pattern:
      /^([^\s:][^:]*):(\d+):(?:(\d+):)? (warning|error|fatal error|Warning|Error): (.*?)(?: \[(-W[^\]]+)\])?$/,
    read: ([, path = '', row, column, word = '', message = '', option], roots) => ({
      severity: word.toLowerCase() === 'warning' ? 'warning' : 'error',
      file: relativePath(path, roots),
      line: Number(row),
      column: column === undefined ? null : Number(column),
      message,
      option: option ?? null,
    }),
  },
  {
    pattern: /^(ERROR|WARNING): modpost: (.*)$/,
    read: ([line, word, message = '']) => ({
      ...error(moduleFile(line), message),
      severity: word === 'WARNING' ? 'warning' : 'error',
    }),
  },
  {
    pattern: /^\S*\b(?:ld|modpost)(?:\.\w+)?: (.*)$/,
    read: ([line, message = '']) => ({
      ...error(moduleFile(line), message),
      severity: / warning: |^warning: /.test(line) ? 'warning' : 'error',
    }),
  },
  {
    pattern: /^(\S*Kconfig\S*):(\d+):(?:(\d+):)?\s*(.*)$/,
    read: ([line, path = '', row, , message = ''], roots) => ({
      ...error(relativePath(path, roots), message),
      severity: /warning/.test(line) ? 'warning' : 'error',
      line: Number(row),
    }),
  },
  {
    // make on a makefile: `drivers/x/Makefile:3: *** missing separator.  Stop.`
    pattern: /^(\S*(?:Makefile|Kbuild)\S*):(\d+): \*\*\* (.*)$/,
    read: ([, path = '', row, message = ''], roots) => ({
      ...error(relativePath(path, roots), message),
      line: Number(row),
    }),
  },
  {
    // make on a source file that a makefile names and the tree lacks.
    pattern: /^make(?:\[\d+\])?: \*\*\* (No rule to make target '([^']+)', needed by .*)$/,
    read: ([, message = '', target = ''], roots) => error(relativePath(target, roots), message),
  },
];

/** A place that LLVM's linker adds to its last message; the path is in brackets where it knows more than the name. */
const LLD_PLACE =
  /^>>> (?:referenced by|defined at) ([^\s:()]+\.[chS])(?::(\d+))?(?: \(([^\s()]+?)(?::\d+)?\))?$/;

function error(file: string, message: string): Found {
  return { severity: 'error', file, line: null, column: null, message, option: null };
}

/** The source file that modpost means by `[drivers/x/y.ko]`. */
function moduleFile(line: string): string {
  const module = /\[([^\]]+)\.ko\]/.exec(line)?.[1];
  return module ? `${module}.c` : LINK;
}

/** Reads what a kernel build printed: the warnings and errors of all its programs, each once. */
export function parseDiagnostics(log: string, roots: Roots): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const line of log.split('\n')) {
    for (const { pattern, read } of RULES) {
      const match = pattern.exec(line);
      if (!match) continue;
      found.push({ ...read(match, roots), patch: null });
      break;
    }
    const [, name, row, path] = LLD_PLACE.exec(line) ?? [];
    const last = found.at(-1);
    if (name === undefined || last === undefined || !/^(?:undefined|duplicate) symbol: /.test(last.message))
      continue;
    // The second definition is the one too many; of several uses, the first says enough.
    if (last.file !== LINK && last.message.startsWith('undefined')) continue;
    const place = { file: relativePath(path ?? name, roots), line: row === undefined ? null : Number(row) };
    found[found.length - 1] = { ...last, ...place };
  }
  return mergeDiagnostics(found);
}

/** A path as the tree has it. The compiler runs in the output directory, and ccache makes paths relative to that. */
function relativePath(path: string, roots: Roots): string {
  const absolute = isAbsolute(path) ? path : join(roots.output, path);
  for (const root of [roots.tree, roots.output])
    if (absolute.startsWith(`${root}/`)) return absolute.slice(root.length + 1);
  return isAbsolute(path) ? path : path.replace(/^(?:\.\.?\/)+/, '');
}

/** Lists of diagnostics as one, each diagnostic once. */
export function mergeDiagnostics(...lists: readonly (readonly Diagnostic[])[]): Diagnostic[] {
  return [...new Map(lists.flat().map((one) => [JSON.stringify({ ...one, patch: null }), one])).values()];
}

/** The diagnostics of `patched` that `base` lacks, compared without line and column: those move with any change. */
export function newDiagnostics(base: readonly Diagnostic[], patched: readonly Diagnostic[]): Diagnostic[] {
  const key = (one: Diagnostic) => `${one.severity}\0${one.file}\0${one.message}\0${one.option}`;
  const known = new Set(base.map(key));
  return patched.filter((one) => !known.has(key(one)));
}
