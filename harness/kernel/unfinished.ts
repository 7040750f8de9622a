// SPDX-License-Identifier: MIT
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { exists } from '../host/index.ts';

/**
 * Builds in an output directory. A build that was cut off, with the computer or by us, leaves files that are half written
 * and newer than their sources, which make believes: after one the directory is begun anew (the compiler cache gives
 * back what was compiled). A build that ends by itself, well or not, leaves nothing of the kind.
 */
export async function buildWhole<Result>(output: string, build: () => Promise<Result>): Promise<Result> {
  const mark = `${output}.unfinished`;
  if (await exists(mark)) await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  await writeFile(mark, '');
  const result = await build();
  await rm(mark);
  return result;
}
