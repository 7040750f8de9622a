// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import {
  type Arms,
  type ArmsChoice,
  emitStages,
  planArms,
  prepareArms,
  type Rejection,
} from '../campaign/index.ts';
import { Fault, type Kernel, type RunEmitter } from '../model/index.ts';
import { describeRejection } from '../report/index.ts';
import type { Context } from './context.ts';
import { buildOptionsOf, type KernelOptions, readKernel, readSeriesArgument } from './inputs.ts';

/** Builds the arms that the command line asks for, without any trial. What the series does wrong becomes a Fault. */
export async function buildRequestedArms(
  seriesWord: string | undefined,
  options: KernelOptions & { readonly arms?: ArmsChoice },
  context: Context,
  listen: RunEmitter,
): Promise<Arms> {
  const kernel = await readKernel(options, context);
  const series = seriesWord === undefined ? null : await readSeriesArgument(seriesWord, options, context);
  const request = {
    series,
    kernel,
    extraFragments: (options.configFragment ?? []).map((path) => resolve(context.workingDirectory, path)),
    baseCommit: options.base ?? null,
  };
  const planned = planArms(series, options.arms ?? 'pair');
  const result = await prepareArms(request, planned, buildOptionsOf(options, context), emitStages(listen));
  if (!result.ok) throw rejectionFault(result.rejection);
  return result.arms;
}

/** The kernel to boot: the patched one where there is a series. */
export function lastKernel(arms: Arms): Kernel {
  const kernel = arms.kernels.patched ?? arms.kernels.base;
  if (!kernel) throw new Fault({ blame: 'harness', code: 'CLI_NO_ARM', message: 'no kernel was built' });
  return kernel;
}

/** A series that cannot be put on trial, as a Fault. */
export function rejectionFault(rejection: Rejection): Fault {
  return new Fault({
    ...(rejection.kind === 'conflict'
      ? { blame: 'request', code: 'SERIES_CONFLICT' }
      : { blame: 'kernel', code: 'SERIES_DOES_NOT_COMPILE' }),
    ...describeRejection(rejection),
  });
}
