// SPDX-License-Identifier: MIT
import { type BuildTree, lackedByGuestModule } from '../kernel/index.ts';
import {
  type ArmCoverage,
  type CampaignState,
  type Kernel,
  type PlannedArm,
  toFault,
} from '../model/index.ts';
import { COVERAGE_MODULE } from '../scenario/index.ts';
import { findChangedFunctions } from '../symbol/index.ts';
import type { Progress } from './performer.ts';

/** What counting in guests of an arm's kernel needs. */
export interface CoverageSite {
  readonly tree: BuildTree;
  /** The directory with the sources of ktrial's own modules. */
  readonly moduleSources: string;
  readonly progress: Progress;
}

/**
 * Finds the functions that the series changes in an arm's kernel, and builds the module that counts them in its guests. Of the
 * base, those that the whole series changes. Null where the series changes none. What fails is said and fails nothing else.
 */
export async function prepareCoverage(
  arm: PlannedArm,
  state: CampaignState,
  kernel: Kernel,
  { tree, moduleSources, progress }: CoverageSite,
): Promise<ArmCoverage | null> {
  const own = (state.applied ?? []).slice(0, arm.patches === 0 ? undefined : arm.patches);
  const tip = own.at(-1)?.commit;
  const base = state.base ?? tree.baseCommit;
  if (tip === undefined) return null;
  let found: ArmCoverage = { functions: [], total: 0, notMeasured: null };
  try {
    const side = arm.patches === 0 ? 'before' : 'after';
    found = await findChangedFunctions({ repository: tree.tree, base, tip, side, kernel });
    if (found.total === 0) return null;
    if (found.functions.every((one) => one.probes.length === 0)) return found;
    const lacked = lackedByGuestModule(tree.config, COVERAGE_MODULE);
    if (lacked.length > 0) return { ...found, notMeasured: `the kernel would need ${lacked.join(', ')}` };
    const modules = [COVERAGE_MODULE];
    await tree.buildGuestModules({ kernel, modules, sources: moduleSources, onProgress: progress });
    return found;
  } catch (error) {
    const fault = toFault(error);
    if (fault.code === 'HOST_INTERRUPTED' || fault.blame === 'harness') throw fault;
    return { ...found, notMeasured: fault.message };
  }
}
