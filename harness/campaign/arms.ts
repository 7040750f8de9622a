// SPDX-License-Identifier: MIT
import { type BuildTree, type KernelDefinition, newDiagnostics, openBuildTree } from '../kernel/index.ts';
import {
  type AppliedPatch,
  type ArmBuild,
  type BuildResult,
  type Diagnostic,
  Fault,
  type Kernel,
  type PatchConflict,
  type Series,
} from '../model/index.ts';
import { applySeries, lastPatchTouching } from '../series/index.ts';
import { chooseBase } from './base.ts';
import type { PlannedArm } from './plan.ts';
import type { Stages } from './stages.ts';

/** What arms are built from. */
export interface ArmsRequest {
  readonly series: Series | null;
  readonly kernel: KernelDefinition;
  readonly extraFragments: readonly string[];
  readonly baseCommit: string | null;
}

/** Where kernels are built. */
export interface BuildOptions {
  readonly cacheDirectory: string;
  readonly mirror?: string;
  readonly signal: AbortSignal;
}

/** News about the series that ends a campaign before a machine is started. */
export type Rejection =
  | { readonly kind: 'conflict'; readonly conflict: PatchConflict; readonly applied: readonly AppliedPatch[] }
  | {
      readonly kind: 'doesNotCompile';
      readonly diagnostics: readonly Diagnostic[];
      readonly logTail: readonly string[];
      readonly applied: readonly AppliedPatch[];
    };

export interface Arms {
  /** By arm; one that did not compile is not in it. */
  readonly kernels: Readonly<Record<string, Kernel>>;
  /** Every arm, in the series' order. */
  readonly builds: readonly ArmBuild[];
  readonly applied: readonly AppliedPatch[];
  /** Diagnostics that the kernel with the whole series has and the base has not. */
  readonly newDiagnostics: readonly Diagnostic[];
  readonly notes: readonly string[];
  /** The settled configuration, the same for all arms. */
  readonly config: string;
}

export type ArmsPreparation =
  | { readonly ok: true; readonly arms: Arms }
  | { readonly ok: false; readonly rejection: Rejection; readonly notes: readonly string[] };

/**
 * Builds every arm, one after the other in one output directory. A series that does not apply or compile is a value;
 * a base that does not is a Fault. A prefix that does not compile, while the whole series does, is told in `builds`.
 */
export async function prepareArms(
  request: ArmsRequest,
  planned: readonly PlannedArm[],
  buildOptions: BuildOptions,
  stages: Stages,
): Promise<ArmsPreparation> {
  const buildTree = await stages.run(
    'source',
    `source and configuration of ${request.kernel.name}`,
    (progress) =>
      openBuildTree(request.kernel, {
        ...buildOptions,
        extraFragments: request.extraFragments,
        onProgress: progress,
      }),
  );
  try {
    return await buildArms(request, planned, buildTree, stages, buildOptions.signal);
  } finally {
    await buildTree[Symbol.asyncDispose]();
  }
}

async function buildArms(
  request: ArmsRequest,
  planned: readonly PlannedArm[],
  buildTree: BuildTree,
  stages: Stages,
  signal: AbortSignal,
): Promise<ArmsPreparation> {
  const notes: string[] = [];
  const base = await chooseBase(request, buildTree, notes);
  const { series } = request;
  let applied: readonly AppliedPatch[] = [];
  if (series) {
    await buildTree.checkOut(base);
    const result = await stages.run('apply', `apply ${series.patches.length} patches`, async () =>
      applySeries(series, buildTree.tree, { signal }),
    );
    applied = result.patches;
    if (!result.ok)
      return { ok: false, rejection: { kind: 'conflict', conflict: result.conflict, applied }, notes };
    for (const patch of applied) {
      if (patch.how === 'threeWay')
        notes.push(`patch ${patch.number} did not fit as it is and was merged three ways`);
      if (patch.how === 'reducedContext')
        notes.push(`patch ${patch.number} was applied with reduced context: look at it`);
    }
  }
  const kernels: Record<string, Kernel> = {};
  const builds: ArmBuild[] = [];
  const seen = new Map<string, readonly Diagnostic[]>();
  let before: Kernel | null = null;
  let known: readonly Diagnostic[] = [];
  let failure: Extract<BuildResult, { ok: false }> | null = null;
  for (const arm of planned) {
    const own = applied.slice(0, arm.patches);
    const result = await stages.run(`build-${arm.name}`, `build the kernel of ${arm.title}`, (progress) =>
      buildTree.build({
        commit: own.at(-1)?.commit ?? base,
        isReference: arm.patches === 0,
        touched: [...new Set(applied.flatMap((patch) => patch.files))],
        attribute: (file) => lastPatchTouching(own, file),
        onProgress: progress,
      }),
    );
    if (arm.patches === 0) requireBuild(result, arm.name);
    const fresh = result.ok
      ? newDiagnostics(known, result.diagnostics)
      : result.diagnostics.filter((one) => one.severity === 'error');
    builds.push({
      arm: arm.name,
      patches: arm.patches,
      subject: own.at(-1)?.subject ?? null,
      built: result.ok,
      cached: result.ok && result.cached,
      durationMs: result.durationMs,
      newDiagnostics: arm.patches === 0 ? [] : fresh,
      sameBoot: result.ok && before !== null && before.bootDigest === result.kernel.bootDigest,
    });
    failure = result.ok ? null : result;
    if (!result.ok) continue;
    kernels[arm.name] = result.kernel;
    seen.set(arm.name, result.diagnostics);
    before = result.kernel;
    known = result.diagnostics;
  }
  // The last arm has the whole series: without it there is nothing to put on trial.
  if (failure) {
    const diagnostics = failure.diagnostics.filter((one) => one.severity === 'error');
    const rejection: Rejection = { kind: 'doesNotCompile', diagnostics, logTail: failure.logTail, applied };
    return { ok: false, rejection, notes };
  }
  const [first, last] = [planned[0], planned.at(-1)].map((arm) => seen.get(arm?.name ?? '') ?? []);
  const arms = {
    kernels,
    builds,
    applied,
    newDiagnostics: newDiagnostics(first ?? [], last ?? []),
    notes,
    config: buildTree.config,
  };
  return { ok: true, arms };
}

/** A build that must not fail: its failure as a Fault. */
export function requireBuild(result: BuildResult, name: string): Extract<BuildResult, { ok: true }> {
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
