// SPDX-License-Identifier: MIT
import { isAbsolute, join } from 'node:path';
import type { Diagnostic } from '../model/index.ts';

const COMPILER = /^(\S[^:]*):(\d+):(?:(\d+):)? (warning|error|fatal error): (.*?)(?: \[(-W[^\]]+)\])?$/;
const LINKER = /^(?:\S*\b(?:ld|modpost)(?:\.\w+)?: |(ERROR|WARNING): modpost: )(.*)$/;
const KCONFIG = /^(\S*Kconfig\S*):(\d+):(?:(\d+):)?\s*(.*)$/;

/**
 * Reads what a kernel build printed and returns the compiler's, linker's and modpost's warnings and errors, each once.
 * `tree` and `output` are taken off the front of paths.
 */
export function parseDiagnostics(
  log: string,
  roots: { readonly tree: string; readonly output: string },
  attribute: (file: string) => number | null = () => null,
): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  const add = (diagnostic: Diagnostic) => found.set(JSON.stringify(diagnostic), diagnostic);
  for (const line of log.split('\n')) {
    const compiler = COMPILER.exec(line);
    if (compiler) {
      const [, path = '', row, column, word, message = '', option] = compiler;
      const file = relativePath(path, roots);
      add({
        severity: word === 'warning' ? 'warning' : 'error',
        file,
        line: Number(row),
        column: column === undefined ? null : Number(column),
        message,
        option: option ?? null,
        patch: attribute(file),
      });
      continue;
    }
    const linker = LINKER.exec(line);
    if (linker) {
      const module = /\[([^\]]+)\.ko\]/.exec(line)?.[1];
      const file = module ? `${module}.c` : '(link)';
      const severity = linker[1] === 'WARNING' || / warning: /.test(line) ? 'warning' : 'error';
      add({
        severity,
        file,
        line: null,
        column: null,
        message: linker[2] ?? line,
        option: null,
        patch: attribute(file),
      });
      continue;
    }
    const kconfig = KCONFIG.exec(line);
    if (kconfig) {
      const file = relativePath(kconfig[1] ?? '', roots);
      const severity = /warning/.test(line) ? 'warning' : 'error';
      add({
        severity,
        file,
        line: Number(kconfig[2]),
        column: null,
        message: kconfig[4] ?? '',
        option: null,
        patch: attribute(file),
      });
    }
  }
  return [...found.values()];
}

/** A path as the tree has it. The compiler runs in the output directory, and ccache makes paths relative to that. */
function relativePath(path: string, roots: { readonly tree: string; readonly output: string }): string {
  const absolute = isAbsolute(path) ? path : join(roots.output, path);
  for (const root of [roots.tree, roots.output]) {
    if (absolute.startsWith(`${root}/`)) return absolute.slice(root.length + 1);
  }
  return path.replace(/^(?:\.\.?\/)+/, '');
}

/** The diagnostics that the base does not have: compared without line and column, which move with any change. */
export function newDiagnostics(base: readonly Diagnostic[], patched: readonly Diagnostic[]): Diagnostic[] {
  const key = (one: Diagnostic) => `${one.severity}\0${one.file}\0${one.message}\0${one.option}`;
  const known = new Set(base.map(key));
  return patched.filter((one) => !known.has(key(one)));
}
