// SPDX-License-Identifier: MIT
import { realpath } from 'node:fs/promises';
import {
  type CampaignRequest,
  type CodeForecast,
  describePlan,
  foreseeCode,
  makeRunDirectory,
  planRun,
  requireRunDirectory,
  requireRunnable,
} from '../campaign/index.ts';
import type { Context } from './context.ts';
import { requireWritableOutputs, type WantedReport } from './outputs.ts';
import { requireUsablePlaces } from './places.ts';

export interface PrepareOptions {
  readonly runDirectory?: string;
  readonly dryRun?: boolean;
  /** What is expected of the changed files, where it was looked up already. */
  readonly forecast?: CodeForecast | undefined;
}

/**
 * Checks all that can be checked before a new run starts, then makes its directory and returns the path. With `dryRun` it prints
 * the plan instead, and returns null. Faults of the checks.
 */
export async function prepareRun(
  context: Context,
  request: CampaignRequest,
  outputs: readonly WantedReport[],
  { runDirectory, dryRun, forecast }: PrepareOptions,
): Promise<string | null> {
  await requireUsablePlaces(context);
  await requireRunDirectory(context, runDirectory, request.title);
  await requireRunnable(request, context);
  await requireWritableOutputs(context, outputs);
  if (!dryRun) return realpath(await makeRunDirectory(context, runDirectory, request.title));
  const plan = await planRun(request, context.cacheDirectory);
  const code = forecast === undefined ? await foreseeCode(request, context) : forecast;
  for (const line of describePlan(request, plan, code)) context.out.write(`${line.replaceAll('\n', '?')}\n`);
  return null;
}
