// SPDX-License-Identifier: MIT
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { exists, removeHostile } from '../host/index.ts';

/**
 * Builds in an output directory. An interrupted build leaves truncated files that are newer than their sources, which
 * make considers up to date: the next build then starts with an empty directory (ccache gives back what was compiled).
 * A build that ends by itself, even with an error, leaves no such file.
 */
export async function buildInto<Result>(output: string, build: () => Promise<Result>): Promise<Result> {
  if (await isUnfinished(output)) await removeHostile(output);
  await mkdir(output, { recursive: true });
  await writeFile(markOf(output), '');
  const result = await build();
  await rm(markOf(output));
  return result;
}

/** Whether the last build in an output directory was cut off. */
export function isUnfinished(output: string): Promise<boolean> {
  return exists(markOf(output));
}

function markOf(output: string): string {
  return `${output}.unfinished`;
}
