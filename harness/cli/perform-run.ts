// SPDX-License-Identifier: MIT
import { findArmKernel, type resumeCampaign } from '../campaign/index.ts';
import type { CampaignState } from '../model/index.ts';
import { keepableStarter, qemuStarter, TemplateStore } from '../vm/index.ts';
import { assembleRunner } from './assemble.ts';
import { watchConsoles } from './console.ts';
import type { Context } from './context.ts';
import { FirstMachine } from './keep.ts';
import { removeLeftovers } from './leftovers.ts';
import { parseOutputs, renderReport, type WantedReport, writeReports } from './outputs.ts';
import { openProgress } from './progress.ts';

/** How a run is shown: options of `run`, `resume` and `rerun`. */
export interface PresentationOptions {
  readonly output?: readonly string[];
  readonly verbose?: boolean;
  readonly console?: boolean;
  readonly keep?: boolean;
}

/** How a run is performed and printed: the same for one that starts and one that goes on. */
export interface RunPresentation {
  readonly runDirectory: string;
  readonly outputs: readonly WantedReport[];
  readonly mirror: string | null;
  readonly options: PresentationOptions;
}

/** The reports to write. With `--quiet` none is written unless it was asked for. Fault `CLI_BAD_FORMAT` (request). */
export function readOutputs(
  { output }: PresentationOptions,
  { wordiness }: Context,
): readonly WantedReport[] {
  return parseOutputs(output ?? (wordiness === 'quiet' ? [] : ['tap']));
}

/** Performs a campaign with progress on standard error, then prints its reports. */
export async function performRun(
  context: Context,
  { runDirectory, mirror, outputs, options }: RunPresentation,
  perform: Perform,
): Promise<CampaignState> {
  const keeper = options.keep ? new FirstMachine() : null;
  const place = { runDirectory, mirror, keeper, console: options.console === true };
  const state = await playRun(context, place, perform);
  const verbose = options.verbose === true;
  await writeReports(context, outputs, state, runDirectory, verbose);
  if (context.wordiness === 'quiet') printVerdict(context, state, outputs);
  else printTable(context, state, runDirectory, verbose);
  keeper?.print(context.err, await findVmlinux(state, context));
  return state;
}

type Perform = (setup: Parameters<typeof resumeCampaign>[0]) => Promise<CampaignState>;

/** Where a campaign is performed, and what becomes of its machines. */
export interface RunPlace extends Pick<RunPresentation, 'runDirectory' | 'mirror'> {
  readonly keeper: FirstMachine | null;
  /** Whether consoles are shown as they come. */
  readonly console: boolean;
  /** Where templates are kept, below it; the cache when absent. */
  readonly templatesIn?: string;
}

/** Performs a campaign with progress on standard error, and prints nothing more. */
export async function playRun(context: Context, place: RunPlace, perform: Perform): Promise<CampaignState> {
  const { runDirectory, mirror, keeper } = place;
  await removeLeftovers(context);
  const progress = await openProgress(context, place);
  const templates = new TemplateStore({
    cacheDirectory: place.templatesIn ?? context.cacheDirectory,
    onNote: (text) => context.say(text),
  });
  const machines = keeper ? keepableStarter : qemuStarter;
  const starter = place.console ? watchConsoles(machines, context.err) : machines;
  try {
    return await perform({
      place: context,
      runDirectory,
      ktrialVersion: context.version,
      runTrial: assembleRunner(context, { directory: runDirectory, mirror, templates, starter, keeper }),
      listen: progress.listen,
      signal: context.signal,
    });
  } finally {
    await templates[Symbol.asyncDispose]();
    await progress.end();
  }
}

/** Finds the kernel with debug information of a trial's arm. */
async function findVmlinux(
  state: CampaignState,
  context: Context,
): Promise<(trial: string) => string | null> {
  const found = new Map<string, string>();
  for (const { name } of state.arms) {
    const kernel = await findArmKernel(state, name, context);
    if (kernel) found.set(name, kernel.vmlinux);
  }
  return (trial) => found.get(state.trials.find((one) => one.id === trial)?.arm ?? '') ?? null;
}

function printTable(context: Context, state: CampaignState, runDirectory: string, verbose: boolean): void {
  const { columns } = context.err.size();
  const table = renderReport('table', state, runDirectory, {
    color: context.color,
    columns: context.err.isTty ? columns : 100,
    verbose,
  });
  context.err.write('\n');
  context.err.writeReport(table);
}

/** One line: the verdict, or why there is none. On standard output, unless a report stands there. */
function printVerdict(
  { out, err }: Context,
  { verdict, rejection, end }: CampaignState,
  outputs: readonly WantedReport[],
): void {
  const words = { conflict: 'the series does not apply', doesNotCompile: 'the series does not compile' };
  const line = verdict
    ? `${verdict.comparison}: ${verdict.reason}`
    : rejection
      ? `rejected: ${words[rejection.kind]}`
      : `no verdict: ${end?.kind ?? 'not finished'}`;
  const isFree = outputs.every(({ path }) => path !== null);
  (isFree ? out : err).write(`${line}\n`);
}
