// SPDX-License-Identifier: MIT
import type { CampaignPlan, EndReason, Rejection, RunRequest } from './campaign.ts';
import type { ArmBuild, ImageId, KernelId } from './kernel.ts';
import type { AppliedPatch } from './series.ts';
import type { AcceleratorChoice, BootMethod, StepRecord, TrialResult } from './trial.ts';
import type { CampaignVerdict, CloneSummary } from './verdict.ts';

/** What happened, without its place in the journal. Everything that reports, the exit code and history need is in these. */
export type RunEventBody =
  /** The first event: what was asked for and what will be done. */
  | { readonly type: 'planned'; readonly request: RunRequest; readonly plan: CampaignPlan }
  /** A new process goes on with a campaign that was cut off: whatever was running then is not. `lost`: digests of what is gone from the cache. */
  | { readonly type: 'resumed'; readonly lost: readonly string[] }
  /** Something that a reader of the verdict should know. */
  | { readonly type: 'noted'; readonly text: string }
  | { readonly type: 'stageStarted'; readonly stage: string; readonly title: string }
  | {
      readonly type: 'stageEnded';
      readonly stage: string;
      readonly ok: boolean;
      readonly text: string;
      readonly durationMs: number;
    }
  /** Every patch of the series is a commit on `base`. `config`: SHA-256, hex, of the settled configuration. */
  | {
      readonly type: 'applied';
      readonly base: string;
      readonly config: string;
      readonly patches: readonly AppliedPatch[];
    }
  /** The series does not apply. */
  | { readonly type: 'rejected'; readonly rejection: Rejection }
  | { readonly type: 'imageReady'; readonly image: ImageId }
  | { readonly type: 'l2Ready'; readonly name: string; readonly kernel: KernelId }
  | { readonly type: 'armBuildStarted'; readonly arm: string }
  /** `kernel` is null where it does not compile. The last arm has the whole series: its failure rejects the series. */
  | {
      readonly type: 'armBuilt';
      readonly arm: string;
      readonly build: ArmBuild;
      readonly kernel: KernelId | null;
      /** The end of the build's log, where it does not compile. */
      readonly logTail: readonly string[];
    }
  /** On disk before the machine starts: until `trialEnded` the trial counts as failed, lab, did not finish. */
  | {
      readonly type: 'trialStarted';
      readonly trial: string;
      readonly scenario: string;
      readonly arm: string;
      readonly kernel: string | null;
    }
  | {
      readonly type: 'machineBooted';
      readonly trial: string;
      readonly bootMs: number;
      readonly accelerator: AcceleratorChoice;
      readonly bootMethod: BootMethod;
    }
  /** A clone did not come up, or none could be made: the trial boots its machine instead. */
  | { readonly type: 'cloneFellBack'; readonly trial: string; readonly reason: string }
  | {
      readonly type: 'stepStarted';
      readonly trial: string;
      readonly phase: StepRecord['phase'];
      readonly label: string;
    }
  | { readonly type: 'stepEnded'; readonly trial: string; readonly step: StepRecord }
  | { readonly type: 'splatSeen'; readonly trial: string; readonly title: string }
  | { readonly type: 'trialEnded'; readonly trial: string; readonly result: TrialResult }
  | {
      readonly type: 'concluded';
      readonly verdict: CampaignVerdict;
      readonly clones: CloneSummary | null;
    }
  /** The last event. */
  | { readonly type: 'ended'; readonly reason: EndReason };

/** What only live listeners get: it changes many times a second and decides nothing. */
export type LiveEventBody =
  | { readonly type: 'stageProgress'; readonly stage: string; readonly text: string }
  | {
      /** How the queue of trials stands, after each start and end. */
      readonly type: 'queueChanged';
      readonly done: number;
      readonly running: number;
      readonly waiting: number;
      /** Until the last trial ends, by how long such trials took; null where nothing is known yet. */
      readonly remainingMs: number | null;
    };

/** One event of a campaign, as the journal has it: one JSON object a line. */
export type RunEvent = {
  readonly format: 1;
  /** 1 for the first event of the journal, then one more each; 0 for an event that only listeners get. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
} & (RunEventBody | LiveEventBody);

/** Takes what happens from whoever does it; the journal gives it its place and time. */
export type RunEmitter = (body: RunEventBody | LiveEventBody) => void;

/** Hears of events once they are on disk. What it throws does not stop a campaign. */
export type RunListener = (event: RunEvent) => void;
