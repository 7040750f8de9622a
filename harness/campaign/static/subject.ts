// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { type BuildTree, newDiagnostics, readSourceText } from '../../kernel/index.ts';
import {
  type AppliedPatch,
  type CampaignState,
  type Diagnostic,
  Fault,
  type Kernel,
  type TrialState,
} from '../../model/index.ts';
import { measureSection, measureStruct } from '../../symbol/index.ts';

/** The arm that is checked, and the base that it is compared with. */
export interface StaticSubject {
  readonly trial: TrialState;
  readonly settled: unknown;
  readonly base: string;
  readonly commit: string;
  /** Digests of the built kernels. */
  readonly kernel: string;
  readonly baseKernel: string;
  /** Those of the arm. */
  readonly patches: readonly AppliedPatch[];
}

/** What is needed to check an arm. */
export interface StaticTools {
  openTree(): Promise<BuildTree>;
  findKernel(digest: string): Promise<Kernel | null>;
  /** What was compiled of a commit before, by the commit and the request. */
  readonly compiled: Map<string, readonly Diagnostic[]>;
  readonly signal: AbortSignal;
}

/** What a planned static trial is about. Fault `CAMPAIGN_NOT_READY` (harness). */
export function subjectOf(trial: TrialState, state: CampaignState): StaticSubject {
  const arm = state.arms.find((one) => one.name === trial.arm);
  const settled = state.plan.scenarios.find((one) => one.name === trial.scenario)?.settled;
  const [first] = state.arms;
  if (!arm?.kernel || !first?.kernel || state.base === null || settled === undefined)
    throw new Fault({
      blame: 'harness',
      code: 'CAMPAIGN_NOT_READY',
      message: `${trial.id} cannot start: its kernel, the base's or its scenario is missing`,
    });
  const patches = (state.applied ?? []).slice(0, arm.patches);
  return {
    trial,
    settled,
    base: state.base,
    commit: patches.at(-1)?.commit ?? state.base,
    kernel: arm.kernel.digest,
    baseKernel: first.kernel.digest,
    patches,
  };
}

/** The text of a file in the arm's tree; empty where it has none. */
export async function readText({ commit }: StaticSubject, path: string, tools: StaticTools): Promise<string> {
  const tree = await tools.openTree();
  return (await readSourceText(tree.tree, commit, path)) ?? '';
}

/** The size in bytes of a part of a module of a built kernel. Fault `CAMPAIGN_NO_SIZE` (scenario) where it has none. */
export async function readSize(
  digest: string,
  part: {
    readonly module: string;
    readonly struct?: string | undefined;
    readonly section?: string | undefined;
  },
  tools: StaticTools,
): Promise<number> {
  const kernel = await tools.findKernel(digest);
  if (!kernel)
    throw new Fault({
      blame: 'lab',
      code: 'KERNEL_GONE',
      message: `the kernel ${digest.slice(0, 12)} was built and is no longer in the cache`,
      next: 'run it again',
    });
  const { module, struct, section = '' } = part;
  const path = join(kernel.modules, module);
  const { signal } = tools;
  const size = await (struct === undefined
    ? measureSection(path, section, signal)
    : measureStruct(path, struct, signal)
  ).catch(() => null);
  if (size !== null) return size;
  const what = struct === undefined ? `section ${section}` : `struct ${struct}`;
  throw new Fault({
    blame: 'scenario',
    code: 'CAMPAIGN_NO_SIZE',
    message: `${module} of ${kernel.name} has no ${what} that can be measured`,
    next:
      struct === undefined
        ? 'name a module and a section that the kernel has'
        : 'name a module that uses the struct, in a kernel with CONFIG_DEBUG_INFO=y',
  });
}

/**
 * Compiles parts of the base and of the arm; returns the diagnostics that only the arm has. A part that does not compile is
 * a value: its errors are among them. Faults of `compilePart`.
 */
export async function findFreshDiagnostics(
  { base, commit }: StaticSubject,
  part: {
    readonly paths: readonly string[];
    readonly extraWarnings?: string | undefined;
    readonly sparse: boolean;
  },
  tools: StaticTools,
): Promise<{ readonly fresh: readonly Diagnostic[]; readonly count: number }> {
  const tree = await tools.openTree();
  const diagnose = async (at: string): Promise<readonly Diagnostic[]> => {
    const key = `${at} ${JSON.stringify(part)}`;
    const known = tools.compiled.get(key);
    if (known) return known;
    const checks = { extraWarnings: part.extraWarnings ?? null, sparse: part.sparse };
    const { diagnostics } = await tree.compilePart({ commit: at, paths: part.paths, checks });
    tools.compiled.set(key, diagnostics);
    return diagnostics;
  };
  const before = await diagnose(base);
  const after = commit === base ? before : await diagnose(commit);
  return { fresh: newDiagnostics(before, after), count: after.length };
}
