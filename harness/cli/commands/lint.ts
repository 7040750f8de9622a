// SPDX-License-Identifier: MIT
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { formatDiagnostic } from '../../document/index.ts';
import { exists, listFiles } from '../../host/index.ts';
import { readKernelDefinition } from '../../kernel/index.ts';
import { Fault, toFault } from '../../model/index.ts';
import { lintScenario } from '../../scenario/index.ts';
import type { Context } from '../context.ts';
import { describeFault } from '../failure.ts';

/** Checks every file named; exit code 2 when one is wrong. */
export async function execute(context: Context, args: readonly string[]): Promise<number> {
  const files = await findFiles(
    args.length > 0
      ? args.map((path) => resolve(context.workingDirectory, path))
      : [join(context.root, 'scenarios'), join(context.root, 'kernels')],
  );
  if (files.length === 0)
    throw new Fault({
      blame: 'request',
      code: 'LINT_NOTHING',
      message: `there is no YAML file in ${args.join(', ')}`,
      next: 'name a scenario file, or a directory of them',
    });
  let wrong = 0;
  for (const file of files) {
    const { lines, ok } = await lintFile(file, context);
    for (const line of lines) context.out.write(`${line}\n`);
    if (ok) context.out.write(`ok ${file}\n`);
    else wrong += 1;
  }
  if (wrong > 0) context.err.write(`ktrial: ${wrong} of ${files.length} files have errors\n`);
  return wrong > 0 ? 2 : 0;
}

interface Linted {
  /** What to print: warnings and errors. */
  readonly lines: readonly string[];
  /** Whether there is no error. */
  readonly ok: boolean;
}

async function lintFile(file: string, context: Context): Promise<Linted> {
  const content = await readFile(file);
  if (isKernelDefinition(content.toString('utf8')))
    return readKernelDefinition(file, join(context.root, 'kernels')).then(
      () => ({ lines: [], ok: true }),
      (error: unknown) => ({ lines: [describeFault(toFault(error), false).trimEnd()], ok: false }),
    );
  const diagnostics = lintScenario(content, file);
  return {
    lines: diagnostics.map(formatDiagnostic),
    ok: diagnostics.every((one) => one.severity === 'warning'),
  };
}

/** A kernel definition has a source and a configuration; a scenario has neither. */
function isKernelDefinition(text: string): boolean {
  return /^source:/m.test(text) && /^config:/m.test(text);
}

async function findFiles(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if (!(await exists(path)))
      throw new Fault({ blame: 'request', code: 'LINT_NO_FILE', message: `there is no ${path}` });
    if (!(await stat(path)).isDirectory()) found.push(path);
    else for (const name of await listFiles(path)) if (/\.ya?ml$/.test(name)) found.push(join(path, name));
  }
  return found;
}
