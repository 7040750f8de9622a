// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type KernelDefinition, readKernelDefinition } from '../kernel/index.ts';
import { Fault, type Series } from '../model/index.ts';
import { readSeries } from '../series/index.ts';
import type { Context } from './context.ts';

/** Options of every command that builds kernels. */
export interface KernelOptions {
  readonly kernel?: string;
  readonly base?: string;
  readonly repository?: string;
  readonly configFragment?: readonly string[];
  readonly mirror?: string;
}

/** The kernel definition that `--kernel` names. */
export async function readKernel(options: KernelOptions, context: Context): Promise<KernelDefinition> {
  if (options.kernel === undefined) {
    throw new Fault({
      blame: 'request',
      code: 'CLI_NO_KERNEL',
      message: 'no kernel is named',
      next: 'add --kernel NAME; `ls kernels/*.yaml` shows those that ktrial brings',
    });
  }
  return readKernelDefinition(options.kernel, join(context.root, 'kernels'));
}

/** The series that a word on the command line means: a file, a directory, `-` for standard input, or a range `A..B`. */
export async function readSeriesArgument(
  word: string,
  options: KernelOptions,
  context: Context,
): Promise<Series> {
  const settings = { signal: context.signal };
  if (word === '-')
    return readSeries(
      { kind: 'bytes', bytes: await context.readStandardInput(), name: 'standard input' },
      settings,
    );
  const path = resolve(context.workingDirectory, word);
  const there = await stat(path).catch(() => null);
  if (there?.isDirectory()) return readSeries({ kind: 'directory', path }, settings);
  if (there) return readSeries({ kind: 'file', path }, settings);
  if (/^[^/].*\.\.|^\S+\.\.\S*$/.test(word) && !word.includes('/../') && !word.startsWith('../')) {
    return readSeries(
      {
        kind: 'range',
        repository: resolve(context.workingDirectory, options.repository ?? '.'),
        range: word,
      },
      settings,
    );
  }
  throw new Fault({
    blame: 'request',
    code: 'CLI_NO_SERIES',
    message: `there is no mailbox or directory ${word}`,
    next: 'name an mbox file, a directory of patches, a range A..B of a git repository, or - for standard input',
  });
}

/** Where the commands that only build and boot put nothing but the cache. */
export function buildOptionsOf(options: KernelOptions, context: Context) {
  return {
    cacheDirectory: context.cacheDirectory,
    signal: context.signal,
    ...(options.mirror ? { mirror: options.mirror } : {}),
  };
}
