// SPDX-License-Identifier: MIT
import { realpath } from 'node:fs/promises';
import {
  type CampaignRequest,
  type CodeForecast,
  describePlan,
  exitCodeOfState,
  foreseeCode,
  makeRunDirectory,
  planRun,
  readScenarios,
  requireRunDirectory,
  requireRunnable,
  type resumeCampaign,
  runCampaign,
  settleFirstScenario,
} from '../../campaign/index.ts';
import { type ArmsChoice, type CampaignState, quoteArgs } from '../../model/index.ts';
import { TemplateStore } from '../../vm/index.ts';
import { assembleRunner, imageRecipe } from '../assemble.ts';
import type { Context } from '../context.ts';
import { type KernelOptions, readArmsRequest } from '../kernel-options.ts';
import { removeLeftovers } from '../leftovers.ts';
import {
  parseOutputs,
  renderReport,
  requireWritableOutputs,
  type WantedReport,
  writeReports,
} from '../outputs.ts';
import { requireUsablePlaces } from '../places.ts';
import { openProgress } from '../progress.ts';

export interface RunOptions extends KernelOptions {
  readonly scenarios?: readonly string[];
  readonly param?: readonly string[];
  readonly arms: ArmsChoice;
  readonly repeat: number;
  readonly jobs?: number;
  readonly seed: number;
  readonly cold?: boolean;
  readonly controls: number;
  readonly runDirectory?: string;
  readonly output?: readonly string[];
  readonly verbose?: boolean;
  readonly dryRun?: boolean;
}

/** Puts a series on trial; the exit code is the verdict's. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: RunOptions,
): Promise<number> {
  const outputs = parseOutputs(options.output ?? ['tap']);
  const { request, forecast } = await readRequest(context, args[0], options);
  await requireUsablePlaces(context);
  await requireRunDirectory(context, options.runDirectory, request.title);
  await requireRunnable(request, context);
  await requireWritableOutputs(context, outputs);
  if (options.dryRun) {
    const plan = await planRun(request, context.cacheDirectory);
    const code = forecast === undefined ? await foreseeCode(request, context) : forecast;
    for (const line of describePlan(request, plan, code))
      context.out.write(`${line.replaceAll('\n', '?')}\n`);
    return 0;
  }
  const runDirectory = await realpath(await makeRunDirectory(context, options.runDirectory, request.title));
  return performRun(
    context,
    { runDirectory, outputs, mirror: request.mirror, verbose: options.verbose === true },
    (setup) =>
      runCampaign({ ...request, repeatCommand: repeatCommand(context, args[0], runDirectory) }, setup),
  );
}

/** How a run is performed and printed: the same for one that starts and one that goes on. */
export interface RunPresentation {
  readonly runDirectory: string;
  readonly outputs: readonly WantedReport[];
  readonly mirror: string | null;
  readonly verbose: boolean;
}

/** Performs a campaign with progress on standard error, then prints its reports. */
export async function performRun(
  context: Context,
  presentation: RunPresentation,
  perform: (setup: Parameters<typeof resumeCampaign>[0]) => Promise<CampaignState>,
): Promise<number> {
  const { runDirectory, mirror } = presentation;
  await removeLeftovers(context);
  const progress = await openProgress(context);
  const templates = new TemplateStore({
    cacheDirectory: context.cacheDirectory,
    onNote: (text) => context.err.write(`ktrial: ${text}\n`),
  });
  let state: CampaignState;
  try {
    state = await perform({
      place: context,
      runDirectory,
      ktrialVersion: context.version,
      runTrial: assembleRunner(context, runDirectory, mirror ?? undefined, templates),
      listen: progress.listen,
      signal: context.signal,
    });
  } finally {
    await templates[Symbol.asyncDispose]();
    await progress.end();
  }
  await writeReports(context, presentation.outputs, state, runDirectory, presentation.verbose);
  const { columns } = context.err.size();
  const table = renderReport('table', state, runDirectory, {
    color: context.color,
    columns: context.err.isTty ? columns : 100,
    verbose: presentation.verbose,
  });
  context.err.write('\n');
  context.err.writeReport(table);
  return exitCodeOfState(state);
}

async function readRequest(
  context: Context,
  seriesArg: string | undefined,
  options: RunOptions,
): Promise<{ readonly request: CampaignRequest; readonly forecast: CodeForecast | undefined }> {
  const { modules, forecast, ...arms } = await readArmsRequest(seriesArg, options, context);
  const { workingDirectory, root, signal, limits } = context;
  const places = { workingDirectory, root, signal, limits };
  const onWarning = (text: string) => context.err.write(`${text}\n`);
  const { scenarios: paths = [], param = [] } = options;
  const isOwn = paths.length === 0 && param.length === 0;
  const scenarios = isOwn
    ? settleFirstScenario(modules)
    : await readScenarios(paths, param, { ...places, onWarning });
  const chosen = `no scenario is named: ${scenarios[0]?.name} is run: ${scenarios[0]?.description}`;
  if (isOwn) context.err.write(`ktrial: ${chosen}\n`);
  const request = {
    ...arms,
    notes: isOwn ? [...arms.notes, chosen] : arms.notes,
    title: arms.series ? arms.series.title : `${arms.kernel.name} alone`,
    scenarios,
    image: imageRecipe(context),
    repeat: options.repeat,
    seed: options.seed,
    cold: options.cold === true,
    clonesPerControl: options.controls,
    jobs: options.jobs ?? null,
    repeatCommand: repeatCommand(context, seriesArg, null),
  };
  return { request, forecast };
}

/**
 * The command line that repeats the run: without options that only say where its files go. A series from standard input is
 * read from the run's directory, where it was stored.
 */
function repeatCommand(context: Context, seriesArg: string | undefined, runDirectory: string | null): string {
  const dropped = ['--run-directory', '-o', '--output'];
  const kept = context.args.filter(
    (arg, index) =>
      arg !== '--dry-run' &&
      !dropped.some((name) => arg === name || arg.startsWith(`${name}=`)) &&
      !dropped.includes(context.args[index - 1] ?? ''),
  );
  const stored = runDirectory === null ? '-' : `${runDirectory}/series.mbox`;
  return quoteArgs(['ktrial', ...kept.map((arg) => (arg === '-' && seriesArg === '-' ? stored : arg))]);
}
