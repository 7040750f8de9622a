// SPDX-License-Identifier: MIT
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { exists } from '../host/index.ts';

/**
 * Builds in an output directory. An interrupted build leaves truncated files that are newer than their sources, which
 * make considers up to date: the next build then starts with an empty directory (ccache gives back what was compiled).
 * A build that ends by itself, even with an error, leaves no such file.
 */
export async function buildInto<Result>(output: string, build: () => Promise<Result>): Promise<Result> {
  const mark = `${output}.unfinished`;
  if (await exists(mark)) await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  await writeFile(mark, '');
  const result = await build();
  await rm(mark);
  return result;
}
