// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import {
  type CampaignRequest,
  type CodeForecast,
  exitCodeOfState,
  readKnownIssues,
  readScenarios,
  runCampaign,
  settleFirstScenario,
} from '../../campaign/index.ts';
import { runGit } from '../../host/index.ts';
import { type ArmsChoice, Fault, quoteArgs } from '../../model/index.ts';
import { imageRecipe } from '../assemble.ts';
import type { Context } from '../context.ts';
import { BISECT_SKIP } from '../exit-code.ts';
import { type KernelOptions, readArmsRequest } from '../kernel-options.ts';
import { type PresentationOptions, performRun, readOutputs } from '../perform-run.ts';
import { prepareRun } from '../prepare-run.ts';

export interface RunOptions extends KernelOptions, PresentationOptions {
  readonly scenarios?: readonly string[];
  readonly param?: readonly string[];
  readonly knownIssues?: string;
  readonly kselftest?: readonly string[];
  readonly kunit?: readonly string[];
  readonly arms: ArmsChoice;
  readonly repeat?: number;
  readonly trials: number;
  readonly budget?: number;
  readonly detect: number;
  readonly trialsPerBoot: number;
  readonly jobs?: number;
  readonly seed: number;
  readonly cold?: boolean;
  readonly controls: number;
  readonly runDirectory?: string;
  readonly dryRun?: boolean;
  readonly exitCode: 'verdict' | 'bisect';
}

/** Puts a series on trial; the exit code is the verdict's. */
export async function execute(context: Context, args: readonly string[], given: RunOptions): Promise<number> {
  const isBisection = given.exitCode === 'bisect';
  // Without a definition the kernel tree itself knows what is checked out.
  const options =
    isBisection && given.base === undefined && given.kernel !== undefined
      ? { ...given, base: await findCheckedOut(context.workingDirectory, context.signal) }
      : given;
  const outputs = readOutputs(options, context);
  const { request, forecast } = await readRequest(context, args[0], options);
  const runDirectory = await prepareRun(context, request, outputs, { ...options, forecast });
  if (runDirectory === null) return 0;
  const state = await performRun(
    context,
    { runDirectory, outputs, mirror: request.mirror, options },
    (setup) =>
      runCampaign({ ...request, repeatCommand: repeatCommand(context, args[0], runDirectory) }, setup),
  );
  // A commit on which the series does not apply or compile is neither good nor bad.
  if (options.exitCode === 'bisect' && state.end?.kind === 'rejected') return BISECT_SKIP;
  return exitCodeOfState(state);
}

/** The commit that is checked out where git bisect works. Fault `CLI_NO_CHECKOUT` (request). */
async function findCheckedOut(directory: string, signal: AbortSignal): Promise<string> {
  const words = ['-C', directory, 'rev-parse', '--verify', '-q', 'HEAD^{commit}'];
  const { exitCode, stdout } = await runGit(words, { signal, accept: 'any' });
  if (exitCode === 0) return stdout.trim();
  throw new Fault({
    blame: 'request',
    code: 'CLI_NO_CHECKOUT',
    message: `got --exit-code=bisect in ${directory}, expected a git tree with a commit checked out: that commit is put on trial`,
    next: 'change to the kernel tree that git bisect works in, or name the commit: --base COMMIT',
  });
}

/** What a command line asks to be run, before anything is checked that costs time. Faults of its parts. */
export async function readRequest(
  context: Context,
  seriesArg: string | undefined,
  options: RunOptions,
): Promise<{ readonly request: CampaignRequest; readonly forecast: CodeForecast | undefined }> {
  const { modules, forecast, ...arms } = await readArmsRequest(
    seriesArg,
    options,
    context,
    options.exitCode === 'bisect' ? 'tip' : 'comparison',
  );
  const { workingDirectory, root, signal, limits } = context;
  const places = { workingDirectory, root, signal, limits };
  const onWarning = (text: string) => context.err.write(`${text}\n`);
  const { scenarios: paths = [], param = [] } = options;
  const suites = { kselftest: options.kselftest ?? [], kunit: options.kunit ?? [] };
  const isOwn = [paths, param, suites.kselftest, suites.kunit].every((given) => given.length === 0);
  const scenarios = isOwn
    ? settleFirstScenario(modules)
    : await readScenarios(paths, param, { ...places, onWarning }, suites);
  const chosen = `no scenario is named: ${scenarios[0]?.name} is run: ${scenarios[0]?.description}`;
  if (isOwn) context.err.write(`ktrial: ${chosen}\n`);
  const request = {
    ...arms,
    notes: isOwn ? [...arms.notes, chosen] : arms.notes,
    title: arms.series ? arms.series.title : `${arms.kernel.name} alone`,
    scenarios,
    knownIssues:
      options.knownIssues === undefined
        ? []
        : await readKnownIssues(resolve(workingDirectory, options.knownIssues), new Date(), places),
    image: imageRecipe(context),
    repeat: options.repeat ?? null,
    trials: options.trials,
    budgetMs: options.budget ?? null,
    detect: options.detect,
    trialsPerBoot: options.trialsPerBoot,
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
