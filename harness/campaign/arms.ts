// SPDX-License-Identifier: MIT
import { classifyFile } from '../kbuild/index.ts';
import { type BuildTree, newDiagnostics, requireGuestModules } from '../kernel/index.ts';
import type {
  AppliedPatch,
  ArmBuild,
  ArmState,
  BuildResult,
  CampaignState,
  ChangedCode,
  Diagnostic,
  Kernel,
  PlannedArm,
} from '../model/index.ts';
import { Fault, identifyKernel } from '../model/index.ts';
import { lastPatchTouching } from '../series/index.ts';
import { prepareCoverage } from './coverage.ts';
import { findUnmetNeeds, plannedGuestModules } from './needs.ts';
import type { ArmOutcome, Progress } from './performer.ts';

/** Builds the arms of one campaign, one after another in one output directory. */
export interface ArmBuilder {
  /** A base that does not compile is a Fault (request); any other arm that does not is a value. */
  build(arm: PlannedArm, state: CampaignState, progress: Progress): Promise<ArmOutcome>;
}

/** What arms are built with, beside their tree. */
export interface ArmTools {
  /** The directory with the sources of ktrial's own modules. */
  readonly moduleSources: string;
  /** Whether guests are to count which of the changed functions run. */
  readonly coverage: boolean;
}

/** Starts building arms in a tree that is ours. */
export function openArmBuilder(tree: BuildTree, { moduleSources, coverage }: ArmTools): ArmBuilder {
  const known = new Map<string, readonly Diagnostic[]>();
  const compile = (arm: PlannedArm, state: CampaignState, progress: Progress): Promise<BuildResult> => {
    const own = patchesOf(arm, state);
    return tree.build({
      commit: own.at(-1)?.commit ?? state.base ?? tree.baseCommit,
      // The base compiles what the series touches as well: only then are its warnings there to be compared with.
      isReference: arm.patches === 0,
      ofSeries: arm.patches > 0,
      touched: [...new Set((state.applied ?? []).flatMap((patch) => patch.files))],
      attribute: (file) => lastPatchTouching(own, file),
      onProgress: progress,
    });
  };
  /** The diagnostics of an arm that was built before; after a resume they are in the cache beside its kernel. */
  const diagnosticsOf = async (arm: ArmState | null, state: CampaignState, progress: Progress) => {
    if (!arm) return [];
    const remembered = known.get(arm.name);
    if (remembered) return remembered;
    const { diagnostics } = await compile(arm, state, progress);
    known.set(arm.name, diagnostics);
    return diagnostics;
  };
  return {
    async build(arm, state, progress) {
      // Whether a scenario with needs is skipped is known when the kernel is built.
      const sure = state.plan.scenarios.filter((one) => one.needs === undefined);
      requireGuestModules(tree, plannedGuestModules({ plan: { ...state.plan, scenarios: sure } }));
      const before = findBefore(arm, state);
      const earlier = await diagnosticsOf(before, state, progress);
      const result = await compile(arm, state, progress);
      if (arm.patches === 0) requireBuild(result, arm.name);
      known.set(arm.name, result.diagnostics);
      const kernel = result.ok ? result.kernel : null;
      const unmet = kernel ? await findUnmetNeeds(state.plan.scenarios, kernel) : {};
      const modules = kernel ? plannedGuestModules(state, unmet) : [];
      requireGuestModules(tree, modules);
      const targets = plannedSelftests(state);
      if (kernel && targets.length > 0) await tree.buildSelftests({ kernel, targets, onProgress: progress });
      if (kernel && modules.length > 0)
        await tree.buildGuestModules({ kernel, modules, sources: moduleSources, onProgress: progress });
      const counted =
        kernel && coverage
          ? await prepareCoverage(arm, state, kernel, { tree, moduleSources, progress })
          : null;
      return {
        build: {
          ...describeBuild(arm, state, result, before, earlier),
          ...(counted ? { coverage: counted } : {}),
          ...(Object.keys(unmet).length > 0 ? { unmet } : {}),
        },
        kernel: kernel && identifyKernel(kernel),
        logTail: result.ok ? [] : result.logTail,
        // What the base itself tries is no news about the series.
        notes: arm.patches === 0 ? [] : result.notes.map((text) => `the build of ${arm.title} ${text}`),
      };
    },
  };
}

/** The kselftest targets that any scenario of the plan runs. */
export function plannedSelftests({ plan }: Pick<CampaignState, 'plan'>): readonly string[] {
  return [...new Set(plan.scenarios.flatMap((one) => one.selftests ?? []))];
}

/** The last arm before this one that was built. */
function findBefore(arm: PlannedArm, state: CampaignState): ArmState | null {
  return state.arms.findLast((one) => one.patches < arm.patches && one.status === 'built') ?? null;
}

function patchesOf(arm: PlannedArm, state: CampaignState): readonly AppliedPatch[] {
  return (state.applied ?? []).slice(0, arm.patches);
}

function describeBuild(
  arm: PlannedArm,
  state: CampaignState,
  result: BuildResult,
  before: ArmState | null,
  earlier: readonly Diagnostic[],
): ArmBuild {
  const fresh = result.ok
    ? newDiagnostics(earlier, result.diagnostics)
    : result.diagnostics.filter((one) => one.severity === 'error');
  return {
    arm: arm.name,
    patches: arm.patches,
    subject: patchesOf(arm, state).at(-1)?.subject ?? null,
    built: result.ok,
    cached: result.ok && result.cached,
    durationMs: result.durationMs,
    newDiagnostics: arm.patches === 0 ? [] : fresh,
    sameBoot: result.ok && before?.kernel?.bootDigest === result.kernel.bootDigest,
    ...(result.ok && arm.patches > 0 ? { code: describeCode(patchesOf(arm, state), result.files) } : {}),
  };
}

/** What a build made of the code that these patches change. What they remove needs no build. */
function describeCode(
  patches: readonly AppliedPatch[],
  became: Extract<BuildResult, { ok: true }>['files'],
): ChangedCode {
  const files = [...new Set(patches.flatMap((patch) => patch.files))].sort();
  const code = files.filter((file) => classifyFile(file) === 'code');
  return {
    compiled: code.filter((file) => became[file] === 'compiled'),
    notCompiled: code.filter((file) => became[file] === 'notCompiled'),
  };
}

/** The kernel of a build that must not fail; its failure as a Fault. */
export function requireBuild(result: BuildResult, name: string): Kernel {
  if (result.ok) return result.kernel;
  const errors = result.diagnostics.filter((one) => one.severity === 'error');
  const words = errors.map(describeError);
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_DOES_NOT_COMPILE',
    message: `the ${name} kernel does not compile${words.length > 0 ? `: ${words[0]}` : ''}`,
    details: [...words.slice(0, 10), ...result.logTail],
    next: `read the whole log: ${result.logPath}`,
  });
}

function describeError({ file, line, message }: Diagnostic): string {
  // An error of the build as a whole is a sentence.
  if (file === '(build)') return message;
  return `${file}${line === null ? '' : `:${line}`}: ${message}`;
}
