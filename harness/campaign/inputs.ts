// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type KernelDefinition, readKernelDefinition } from '../kernel/index.ts';
import { Fault, type Series } from '../model/index.ts';
import { readSeries } from '../series/index.ts';

/** What a user's words about kernel and series are relative to. */
export interface InputPlace {
  readonly root: string;
  readonly workingDirectory: string;
  readonly signal: AbortSignal;
  /** All of standard input. */
  readStandardInput(): Promise<Uint8Array>;
}

/** The kernel definition that a user names. */
export async function readKernel(name: string | undefined, place: InputPlace): Promise<KernelDefinition> {
  if (name === undefined) {
    throw new Fault({
      blame: 'request',
      code: 'CAMPAIGN_NO_KERNEL',
      message: 'no kernel is named',
      next: 'add --kernel NAME; `ls kernels/*.yaml` shows those that ktrial ships',
    });
  }
  return readKernelDefinition(name, join(place.root, 'kernels'));
}

/** The series that an argument names: a file, a directory, `-` for standard input, or a range `A..B`. */
export async function readSeriesArgument(
  arg: string,
  repository: string | undefined,
  place: InputPlace,
): Promise<Series> {
  const settings = { signal: place.signal };
  if (arg === '-')
    return readSeries(
      { kind: 'bytes', bytes: await place.readStandardInput(), name: 'standard input' },
      settings,
    );
  const path = resolve(place.workingDirectory, arg);
  const there = await stat(path).catch(() => null);
  if (there?.isDirectory()) return readSeries({ kind: 'directory', path }, settings);
  if (there) return readSeries({ kind: 'file', path }, settings);
  // `..` as a part of a path is no range.
  if (arg.includes('..') && !arg.split('/').includes('..')) {
    return readSeries(
      {
        kind: 'range',
        repository: resolve(place.workingDirectory, repository ?? '.'),
        range: arg,
      },
      settings,
    );
  }
  throw new Fault({
    blame: 'request',
    code: 'CAMPAIGN_NO_SERIES',
    message: `there is no mailbox or directory ${arg}`,
    next: 'name an mbox file, a directory of patches, a range A..B of a git repository, or - for standard input',
  });
}
