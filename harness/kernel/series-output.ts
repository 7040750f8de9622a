// SPDX-License-Identifier: MIT
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, removeHostile, runCommand } from '../host/index.ts';
import { isUnfinished } from './output-directory.ts';

/** Where the arms of a series are built, and what is done with it. */
export interface SeriesOutput {
  /** Makes it, on the first call. Returns the directory. */
  open(onProgress?: (text: string) => void): Promise<string>;
}

/**
 * The output directory of a series, beside that of the base: objects that code of the series could write never become
 * part of another kernel. It begins as a copy of the base's, so that only what differs is compiled, and what an earlier
 * ktrial left there is removed.
 */
export function openSeriesOutput(
  directory: string,
  baseOutput: string,
  signal: AbortSignal | undefined,
): SeriesOutput {
  const output = join(directory, 'out');
  const copy = async (onProgress?: (text: string) => void): Promise<string> => {
    await removeHostile(directory);
    await mkdir(directory, { recursive: true });
    if (!(await exists(baseOutput)) || (await isUnfinished(baseOutput))) return output;
    onProgress?.("copying the base's objects");
    await runCommand('cp', ['-a', '--reflink=auto', '--', baseOutput, output], signal ? { signal } : {});
    // What was stored from the base, so that files which stay the same are linked.
    await copyFile(join(dirname(baseOutput), 'stored.json'), join(directory, 'stored.json')).catch(() => {});
    return output;
  };
  let made: Promise<string> | null = null;
  return {
    open(onProgress) {
      made ??= copy(onProgress);
      return made;
    },
  };
}
