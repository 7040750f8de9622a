// SPDX-License-Identifier: MIT
import { type KernelDefinition, newDiagnostics, openWorkshop, type Workshop } from '../kernel/index.ts';
import {
  type AppliedPatch,
  type BuildResult,
  type Diagnostic,
  Fault,
  type Kernel,
  type PatchConflict,
  type Series,
} from '../model/index.ts';
import { applySeries, lastPatchTouching } from '../series/index.ts';
import type { Stages } from './stages.ts';

/** Which kernels are wanted: the base, and with a series the patched one. */
export interface ArmsRequest {
  readonly series: Series | null;
  readonly kernel: KernelDefinition;
  readonly extraFragments: readonly string[];
  readonly baseCommit: string | null;
}

/** Where kernels are built. */
export interface Shop {
  readonly cacheDirectory: string;
  readonly mirror?: string;
  readonly signal: AbortSignal;
}

/** News about the series that ends a campaign before a machine is started. */
export type Unfit =
  | { readonly kind: 'conflict'; readonly conflict: PatchConflict; readonly applied: readonly AppliedPatch[] }
  | {
      readonly kind: 'doesNotCompile';
      readonly diagnostics: readonly Diagnostic[];
      readonly logTail: readonly string[];
      readonly applied: readonly AppliedPatch[];
    };

export interface Arms {
  /** By arm: `base`, `patched`. */
  readonly kernels: Readonly<Record<string, Kernel>>;
  readonly applied: readonly AppliedPatch[];
  /** Diagnostics that the patched kernel has and the base has not. */
  readonly newDiagnostics: readonly Diagnostic[];
  readonly notes: readonly string[];
  /** The settled configuration, the same for all arms. */
  readonly config: string;
}

export type ArmsPreparation =
  | { readonly ok: true; readonly arms: Arms }
  | { readonly ok: false; readonly unfit: Unfit; readonly notes: readonly string[] };

/** Builds every arm. A series that does not apply or compile is a value; a base that does not is a Fault. */
export async function prepareArms(
  request: ArmsRequest,
  shop: Shop,
  stages: Stages,
): Promise<ArmsPreparation> {
  const workshop = await stages.run(
    'source',
    `source and configuration of ${request.kernel.name}`,
    (progress) =>
      openWorkshop(request.kernel, { ...shop, extraFragments: request.extraFragments, onProgress: progress }),
  );
  try {
    return await buildArms(request, workshop, stages, shop.signal);
  } finally {
    await workshop[Symbol.asyncDispose]();
  }
}

async function buildArms(
  request: ArmsRequest,
  workshop: Workshop,
  stages: Stages,
  signal: AbortSignal,
): Promise<ArmsPreparation> {
  const notes: string[] = [];
  const base = await chooseBase(request, workshop, notes);
  const { series } = request;
  const { config } = workshop;
  let applied: readonly AppliedPatch[] = [];
  let tip = base;
  if (series) {
    await workshop.checkOut(base);
    const result = await stages.run('apply', `apply ${series.patches.length} patches`, async () =>
      applySeries(series, workshop.tree, { signal }),
    );
    applied = result.patches;
    if (!result.ok)
      return { ok: false, unfit: { kind: 'conflict', conflict: result.conflict, applied }, notes };
    tip = result.tip;
    for (const patch of applied) {
      if (patch.how === 'threeWay')
        notes.push(`patch ${patch.number} did not fit as it is and was merged three ways`);
      if (patch.how === 'reducedContext')
        notes.push(`patch ${patch.number} was applied with reduced context: look at it`);
    }
  }
  const baseBuild = await stages.run('build-base', 'build the base kernel', async (progress) =>
    needBuild(await workshop.build({ commit: base, onProgress: progress }), 'base'),
  );
  if (!series)
    return {
      ok: true,
      arms: { kernels: { base: baseBuild.kernel }, applied, newDiagnostics: [], notes, config },
    };
  const touched = [...new Set(applied.flatMap((patch) => patch.files))];
  const patchedBuild = await stages.run('build-patched', 'build the patched kernel', (progress) =>
    workshop.build({
      commit: tip,
      touched,
      attribute: (file) => lastPatchTouching(applied, file),
      onProgress: progress,
    }),
  );
  if (!patchedBuild.ok) {
    const errors = patchedBuild.diagnostics.filter((one) => one.severity === 'error');
    return {
      ok: false,
      unfit: { kind: 'doesNotCompile', diagnostics: errors, logTail: patchedBuild.logTail, applied },
      notes,
    };
  }
  const fresh = newDiagnostics(baseBuild.diagnostics, patchedBuild.diagnostics);
  return {
    ok: true,
    arms: {
      kernels: { base: baseBuild.kernel, patched: patchedBuild.kernel },
      applied,
      newDiagnostics: fresh,
      notes,
      config,
    },
  };
}

/** The command line's base wins, then the series' own `base-commit:` where the source has it, then the definition's. */
async function chooseBase(request: ArmsRequest, workshop: Workshop, notes: string[]): Promise<string> {
  if (request.baseCommit !== null) {
    if (await workshop.hasCommit(request.baseCommit)) return request.baseCommit;
    throw new Fault({
      blame: 'request',
      code: 'CAMPAIGN_NO_BASE',
      message: `the source of ${request.kernel.name} has no commit ${request.baseCommit}`,
      next: 'name a commit that the source has, or leave --base out',
    });
  }
  const wanted = request.series?.baseCommit;
  if (wanted) {
    if (await workshop.hasCommit(wanted)) {
      notes.push(`base: ${wanted.slice(0, 12)}, from the series' base-commit`);
      return wanted;
    }
    notes.push(
      `the series asks for base-commit ${wanted.slice(0, 12)}, which the source of ${request.kernel.name} does not have: the definition's own base was used`,
    );
  }
  return workshop.baseCommit;
}

/** A build that must not fail: its failure as a Fault. */
export function needBuild(result: BuildResult, name: string): Extract<BuildResult, { ok: true }> {
  if (result.ok) return result;
  const errors = result.diagnostics.filter((one) => one.severity === 'error');
  const first = errors[0];
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_DOES_NOT_COMPILE',
    message: `the ${name} kernel does not compile${first ? `: ${first.file}${first.line === null ? '' : `:${first.line}`}: ${first.message}` : ''}`,
    details: [
      ...errors.slice(0, 10).map((one) => `${one.file}:${one.line ?? ''}: ${one.message}`),
      ...result.logTail,
    ],
    next: `the whole log: ${result.logPath}`,
  });
}
