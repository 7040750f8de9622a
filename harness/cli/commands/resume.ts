// SPDX-License-Identifier: MIT
import { findRunDirectory, readRun, resumeCampaign } from '../../campaign/index.ts';
import type { Context } from '../context.ts';
import { parseOutputs, requireWritableOutputs } from '../outputs.ts';
import { requireUsablePlaces } from '../places.ts';
import { performRun } from './run.ts';

export interface ResumeOptions {
  readonly output?: readonly string[];
  readonly verbose?: boolean;
}

/** Finishes a campaign that was cut off, without repeating what is done; the exit code is the verdict's. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: ResumeOptions,
): Promise<number> {
  const outputs = parseOutputs(options.output ?? ['tap']);
  await requireWritableOutputs(context, outputs);
  const runDirectory = await findRunDirectory(context, args[0]);
  await requireUsablePlaces(context);
  const mirror = readRun(runDirectory).request.options.mirror;
  const presentation = {
    runDirectory,
    outputs,
    mirror: typeof mirror === 'string' ? mirror : null,
    verbose: options.verbose === true,
  };
  return performRun(context, presentation, resumeCampaign);
}
