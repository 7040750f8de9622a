// SPDX-License-Identifier: MIT
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, toFault } from '../model/index.ts';
import { listInput, lookAtInput } from './input.ts';

/** The files that a user means by a path, and what could not be looked at. */
export interface FoundFiles {
  readonly files: readonly string[];
  readonly faults: readonly Fault[];
}

/**
 * The files that a path means: the file itself, or all below a directory whose name `isWanted` accepts, sorted. Links below
 * it are not followed into directories. What cannot be looked at is in the answer, and ends nothing. Fault `HOST_INTERRUPTED`.
 */
export async function findInputFiles(
  path: string,
  what: string,
  isWanted: (name: string) => boolean,
  signal?: AbortSignal,
): Promise<FoundFiles> {
  const files: string[] = [];
  const faults: Fault[] = [];
  const walk = async (directory: string): Promise<void> => {
    if (signal?.aborted)
      throw new Fault({
        blame: 'request',
        code: 'HOST_INTERRUPTED',
        message: `interrupted while ${directory} was searched`,
      });
    const names = await listInput(directory, what).catch((error: unknown) => {
      faults.push(toFault(error));
      return [];
    });
    for (const name of names) {
      const at = join(directory, name);
      // One that has gone since is not wanted.
      const there = await lstat(at).catch(() => null);
      if (there?.isDirectory()) await walk(at);
      else if (there && isWanted(name)) files.push(at);
    }
  };
  try {
    if ((await lookAtInput(path, what)) === 'directory') await walk(path);
    else files.push(path);
  } catch (error) {
    const fault = toFault(error);
    if (fault.code === 'HOST_INTERRUPTED') throw fault;
    faults.push(fault);
  }
  return { files, faults };
}
