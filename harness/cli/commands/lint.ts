// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { parseManifest } from '../../calibrate/index.ts';
import { readKnownIssues, readScenario, requireL2s, requireMemory } from '../../campaign/index.ts';
import { formatDiagnostic } from '../../document/index.ts';
import { findInputFiles } from '../../host/index.ts';
import { readKernelDefinition } from '../../kernel/index.ts';
import { Fault, toFault } from '../../model/index.ts';
import { lintScenario, parseScenario } from '../../scenario/index.ts';
import type { Context } from '../context.ts';
import { describeFault } from '../failure.ts';

/** Checks every file named; exit code 2 when one is wrong or cannot be read. */
export async function execute(context: Context, args: readonly string[]): Promise<number> {
  const { root, signal } = context;
  const paths =
    args.length > 0
      ? args.map((path) => (path.startsWith('/') ? path : resolve(context.workingDirectory, path)))
      : [join(root, 'scenarios'), join(root, 'kernels')];
  let wrong = 0;
  let count = 0;
  for (const path of paths) {
    const { files, faults } = await findInputFiles(path, 'file', (name) => /\.ya?ml$/.test(name), signal);
    for (const fault of faults) context.out.write(describeFault(fault, false));
    wrong += faults.length;
    count += files.length + faults.length;
    for (const file of files) {
      const { text, ok } = await lintFile(file, context);
      context.out.write(text);
      if (ok) context.out.write(`ok ${file.replaceAll('\n', '?')}\n`);
      else wrong += 1;
    }
  }
  if (count === 0)
    throw new Fault({
      blame: 'request',
      code: 'LINT_NOTHING',
      message: `there is no YAML file in ${args.join(', ')}`,
      next: 'name a scenario file, or a directory of them',
    });
  if (wrong > 0) context.err.write(`ktrial: ${wrong} of ${count} files have errors\n`);
  return wrong > 0 ? 2 : 0;
}

interface Linted {
  /** What to print: warnings and errors. */
  readonly text: string;
  /** Whether there is no error. */
  readonly ok: boolean;
}

/** Whatever is wrong with one file says nothing about the next; an interruption ends all. */
async function lintFile(file: string, context: Context): Promise<Linted> {
  try {
    return await lintContent(await readScenario(file, context), file, context);
  } catch (error) {
    const fault = toFault(error);
    if (fault.code === 'HOST_INTERRUPTED' || fault.blame === 'harness') throw error;
    return { text: describeFault(fault, false), ok: false };
  }
}

async function lintContent(content: Buffer, file: string, context: Context): Promise<Linted> {
  if (isKernelDefinition(content.toString('utf8'))) {
    const { limits, signal } = context;
    await readKernelDefinition(file, join(context.root, 'kernels'), { limits, signal });
    return { text: '', ok: true };
  }
  const { limits } = context;
  if (isKnownIssues(content.toString('utf8'))) {
    await readKnownIssues(file, new Date(), { limits, signal: context.signal });
    return { text: '', ok: true };
  }
  if (isManifest(content.toString('utf8'))) {
    const read = parseManifest(content, file, { limits });
    const found = read.ok ? [] : read.diagnostics;
    return { text: found.map((one) => `${formatDiagnostic(one)}\n`).join(''), ok: read.ok };
  }
  const diagnostics = lintScenario(content, file, { limits });
  const notes: string[] = [];
  const parsed = parseScenario(content, file, { limits });
  if (parsed.ok) {
    await requireL2s(parsed.scenario, context);
    notes.push(...noteMemory(parsed.scenario));
  }
  return {
    text: [...diagnostics.map(formatDiagnostic), ...notes].map((one) => `${one}\n`).join(''),
    ok: diagnostics.every((one) => one.severity === 'warning'),
  };
}

/** A scenario may be for a larger computer than the one where it is checked. */
function noteMemory(scenario: Parameters<typeof requireMemory>[0]): string[] {
  try {
    requireMemory(scenario);
    return [];
  } catch (error) {
    return [`warning: ${toFault(error).message}`];
  }
}

function isKnownIssues(text: string): boolean {
  return /^knownIssues:/m.test(text) && !/^steps:/m.test(text);
}

function isManifest(text: string): boolean {
  return /^seeds:/m.test(text) && !/^steps:/m.test(text);
}

/** A kernel definition has a source or a configuration, or extends another, and no steps. */
function isKernelDefinition(text: string): boolean {
  return /^(?:source|config|extends):/m.test(text) && !/^steps:/m.test(text);
}
