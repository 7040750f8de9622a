// SPDX-License-Identifier: MIT
import { exitCodeOfState, findRunDirectory, readRun, resumeCampaign } from '../../campaign/index.ts';
import type { Context } from '../context.ts';
import { requireWritableOutputs } from '../outputs.ts';
import { type PresentationOptions, performRun, readOutputs } from '../perform-run.ts';
import { requireUsablePlaces } from '../places.ts';

/** Finishes a campaign that was cut off, without repeating what is done; the exit code is the verdict's. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: PresentationOptions,
): Promise<number> {
  const outputs = readOutputs(options, context);
  await requireWritableOutputs(context, outputs);
  const runDirectory = await findRunDirectory(context, args[0]);
  await requireUsablePlaces(context);
  const mirror = readRun(runDirectory).request.options.mirror;
  const presentation = {
    runDirectory,
    outputs,
    mirror: typeof mirror === 'string' ? mirror : null,
    options,
  };
  return exitCodeOfState(await performRun(context, presentation, resumeCampaign));
}
