// SPDX-License-Identifier: MIT
import type {
  AppliedPatch,
  ArmBuild,
  CampaignState,
  ImageId,
  KernelId,
  PlannedArm,
  Rejection,
  TrialResult,
  TrialRunner,
  TrialState,
} from '../model/index.ts';

/** Takes a short text about what is going on. */
export type Progress = (text: string) => void;

/** What applying a series came to. */
export type Application =
  | {
      readonly ok: true;
      readonly base: string;
      readonly config: string;
      readonly patches: readonly AppliedPatch[];
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly rejection: Rejection; readonly notes: readonly string[] };

/** What building an arm came to. */
export interface ArmOutcome {
  readonly build: ArmBuild;
  /** Null where it does not compile. */
  readonly kernel: KernelId | null;
  /** The last lines of the build's log, where it does not compile. */
  readonly logTail: readonly string[];
  /** What a reader of the verdict should know about the build. */
  readonly notes: readonly string[];
}

/**
 * Does what a policy asks for. What the series does wrong is a value; faults of lab and request reject. `local.ts` works on this
 * computer; tests have one that takes no time.
 */
export interface Performer extends AsyncDisposable {
  apply(progress: Progress, signal: AbortSignal): Promise<Application>;
  /** `state` has the arms built so far and the applied patches. */
  buildArm(
    arm: PlannedArm,
    state: CampaignState,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<ArmOutcome>;
  buildL2(name: string, progress: Progress, signal: AbortSignal): Promise<KernelId>;
  makeImage(progress: Progress, signal: AbortSignal): Promise<ImageId>;
  readonly runTrial: TrialRunner;
  /** Checks the tree and the objects of a trial's arm, where its scenario boots nothing. Rejects as stages do. */
  runStatic(trial: TrialState, state: CampaignState, signal: AbortSignal): Promise<TrialResult>;
  /** Adds file, line and source text to a trial's complaints. A complaint without them is still evidence. */
  nameLines(result: TrialResult, state: CampaignState): Promise<TrialResult>;
  /** Removes what an earlier, cut-off try at a trial left. */
  clearTrial(id: string): Promise<void>;
  /** Digests of kernels and images in `state` that are no longer in the cache. */
  findLost(state: CampaignState): Promise<readonly string[]>;
}
