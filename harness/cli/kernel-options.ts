// SPDX-License-Identifier: MIT
import {
  type ArmsRequest,
  buildArms,
  type CodeForecast,
  findArmKernel,
  readKernel,
  readOwnTree,
  readSeriesArgument,
  requireBuildable,
  withConfigArguments,
} from '../campaign/index.ts';
import { type ArmsChoice, type CampaignState, Fault, type Kernel, type Rejection } from '../model/index.ts';
import { describeRejection } from '../report/index.ts';
import { imageRecipe } from './assemble.ts';
import type { Context } from './context.ts';
import { removeLeftovers } from './leftovers.ts';
import { requireUsablePlaces } from './places.ts';
import { openProgress } from './progress.ts';

/** Options of every command that builds kernels. */
export interface KernelOptions {
  readonly kernel?: string;
  readonly base?: string;
  readonly repository?: string;
  readonly config?: readonly string[];
  readonly mirror?: string;
  readonly allowUnsandboxed?: boolean;
  readonly arms?: ArmsChoice;
  /** A version; true without one. */
  readonly llvm?: string | true;
  readonly extraWarnings?: string;
  readonly sparse?: boolean;
}

/** What a command line asks for, and what is known of the series in it. */
export interface RequestedArms extends ArmsRequest {
  /** The modules that the series changes, as far as that was looked up. */
  readonly modules: readonly string[];
  /** What is expected of its files; undefined where that was not looked up. */
  readonly forecast: CodeForecast | undefined;
}

/**
 * What arms are built from, as the command line has it. Without `--kernel` it is the kernel tree that the user is in; `wants`
 * says whether its branch is compared with its base. Faults of `readKernel`, `readOwnTree` and the series.
 */
export async function readArmsRequest(
  seriesArg: string | undefined,
  options: KernelOptions,
  context: Context,
  wants: 'comparison' | 'tip' = 'comparison',
): Promise<RequestedArms> {
  const place = seriesPlace(context);
  const { llvm, extraWarnings = null, sparse = false } = options;
  const others = {
    arms: options.arms ?? 'pair',
    mirror: options.mirror ?? null,
    allowUnsandboxed: options.allowUnsandboxed === true,
    ...(extraWarnings !== null || sparse ? { checks: { extraWarnings, sparse } } : {}),
  } as const;
  const withToolchain = (kernel: ArmsRequest['kernel']) =>
    llvm === undefined ? kernel : { ...kernel, toolchain: toolchainOf(llvm) };
  if (options.kernel === undefined) {
    const { repository, base, config = [] } = options;
    const own = await readOwnTree(seriesArg, { repository, base, config, wants }, place);
    for (const note of own.notes) context.err.write(`ktrial: ${note}\n`);
    const { series, kernel, notes, modules, forecast } = own;
    return { series, kernel: withToolchain(kernel), notes, modules, forecast, baseCommit: null, ...others };
  }
  if (seriesArg === undefined) requireNoSeriesOptions(options);
  const kernel = withToolchain(
    await withConfigArguments(await readKernel(options.kernel, context), options.config ?? [], place),
  );
  const series =
    seriesArg === undefined ? null : await readSeriesArgument(seriesArg, options.repository, place);
  return {
    series,
    kernel,
    notes: [],
    modules: [],
    forecast: undefined,
    baseCommit: options.base ?? null,
    ...others,
  };
}

function toolchainOf(llvm: string | true): string {
  return llvm === true ? 'llvm' : `llvm-${llvm}`;
}

/** Options that say something about a series do nothing without one. Fault `CLI_NO_SERIES` (request). */
function requireNoSeriesOptions({ arms, repository }: KernelOptions): void {
  const useless =
    arms === 'per-patch' ? '--arms per-patch' : repository === undefined ? null : '--repository';
  if (useless === null) return;
  throw new Fault({
    blame: 'request',
    code: 'CLI_NO_SERIES',
    message: `got ${useless} without a series, expected a series that it says something about`,
    next: `name the series, or leave ${useless} out`,
  });
}

/** Where a series is read from, with a line on standard error for each part of a large mailbox. */
function seriesPlace(context: Context): Parameters<typeof readSeriesArgument>[2] {
  const { root, workingDirectory, signal, limits } = context;
  return {
    root,
    workingDirectory,
    signal,
    limits,
    readStandardInput: () => context.readStandardInput(),
    onProgress: (text) => context.say(text),
  };
}

/** Builds the arms that the command line asks for, with progress, and runs nothing. */
export async function buildRequestedArms(
  seriesArg: string | undefined,
  options: KernelOptions,
  context: Context,
  wants: 'comparison' | 'tip' = 'comparison',
): Promise<CampaignState> {
  const { modules: _, forecast: __, ...request } = await readArmsRequest(seriesArg, options, context, wants);
  await requireUsablePlaces(context);
  await requireBuildable(request, context);
  await removeLeftovers(context);
  const progress = await openProgress(context);
  try {
    return await buildArms(request, {
      place: context,
      image: imageRecipe(context),
      ktrialVersion: context.version,
      listen: progress.listen,
      signal: context.signal,
    });
  } finally {
    await progress.end();
  }
}

/** The kernel to boot: the patched one where there is a series. Fault where the series does not apply or compile. */
export async function requireLastKernel(state: CampaignState, context: Context): Promise<Kernel> {
  const last = state.arms.at(-1);
  const kernel = last && (await findArmKernel(state, last.name, context));
  if (kernel) return kernel;
  if (state.rejection) throw rejectionFault(state.rejection);
  throw new Fault({
    blame: 'harness',
    code: 'CLI_NO_ARM',
    message: 'got no kernel, expected one of the plan',
  });
}

/** A series that cannot be put on trial as a Fault (request): for commands that go no further without its kernel. */
export function rejectionFault(rejection: Rejection): Fault {
  return new Fault({ blame: 'request', code: 'SERIES_REJECTED', ...describeRejection(rejection) });
}
