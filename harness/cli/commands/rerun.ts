// SPDX-License-Identifier: MIT
import { exitCodeOfState, findRunDirectory, readRerun, runCampaign } from '../../campaign/index.ts';
import { quoteArgs } from '../../model/index.ts';
import { imageRecipe } from '../assemble.ts';
import type { Context } from '../context.ts';
import { type PresentationOptions, performRun, readOutputs } from '../perform-run.ts';
import { prepareRun } from '../prepare-run.ts';

export interface RerunVerbOptions extends PresentationOptions {
  readonly failed?: boolean;
  readonly runDirectory?: string;
  readonly dryRun?: boolean;
}

/** Runs what an earlier run had on trial, as it was recorded, in a new run; the exit code is the verdict's. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: RerunVerbOptions,
): Promise<number> {
  const outputs = readOutputs(options, context);
  const earlier = await findRunDirectory(context, args[0]);
  const failedOnly = options.failed === true;
  const request = await readRerun(earlier, {
    failedOnly,
    image: imageRecipe(context),
    repeatCommand: quoteArgs(['ktrial', 'rerun', earlier, ...(failedOnly ? ['--failed'] : [])]),
  });
  const runDirectory = await prepareRun(context, request, outputs, options);
  if (runDirectory === null) return 0;
  const presentation = { runDirectory, outputs, mirror: request.mirror, options };
  return exitCodeOfState(await performRun(context, presentation, (setup) => runCampaign(request, setup)));
}
