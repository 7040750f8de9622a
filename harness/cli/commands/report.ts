// SPDX-License-Identifier: MIT
import { findRunDirectory, readRun } from '../../campaign/index.ts';
import type { Context } from '../context.ts';
import { parseOutputs, requireWritableOutputs, writeReports } from '../outputs.ts';
import type { PresentationOptions } from '../perform-run.ts';

/** Prints a run again, finished or not: the same bytes as the live run gave. Exit code 0 when it was printed. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: PresentationOptions,
): Promise<number> {
  const outputs = parseOutputs(options.output ?? ['table']);
  await requireWritableOutputs(context, outputs);
  const runDirectory = await findRunDirectory(context, args[0]);
  await writeReports(context, outputs, readRun(runDirectory), runDirectory, options.verbose === true);
  return 0;
}
