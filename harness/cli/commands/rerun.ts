// SPDX-License-Identifier: MIT
import { realpath } from 'node:fs/promises';
import {
  describePlan,
  exitCodeOfState,
  findRunDirectory,
  foreseeCode,
  makeRunDirectory,
  planRun,
  readRerun,
  requireRunDirectory,
  requireRunnable,
  runCampaign,
} from '../../campaign/index.ts';
import { quoteArgs } from '../../model/index.ts';
import { imageRecipe } from '../assemble.ts';
import type { Context } from '../context.ts';
import { requireWritableOutputs } from '../outputs.ts';
import { type PresentationOptions, performRun, readOutputs } from '../perform-run.ts';
import { requireUsablePlaces } from '../places.ts';

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
  await requireUsablePlaces(context);
  await requireRunDirectory(context, options.runDirectory, request.title);
  await requireRunnable(request, context);
  await requireWritableOutputs(context, outputs);
  if (options.dryRun) {
    const plan = await planRun(request, context.cacheDirectory);
    const code = await foreseeCode(request, context);
    for (const line of describePlan(request, plan, code))
      context.out.write(`${line.replaceAll('\n', '?')}\n`);
    return 0;
  }
  const runDirectory = await realpath(await makeRunDirectory(context, options.runDirectory, request.title));
  const presentation = { runDirectory, outputs, mirror: request.mirror, options };
  return exitCodeOfState(await performRun(context, presentation, (setup) => runCampaign(request, setup)));
}
