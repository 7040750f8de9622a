// SPDX-License-Identifier: MIT
// Makes: the nouns that every room speaks, as plain readonly values, and the one error class.
// Needs: nothing.
// Never: does anything, or imports anything.
export type { DataDisk } from './data-disk.ts';
export type { Blame, FaultBlame, FaultOptions, Span } from './fault.ts';
export { exitCodeOf, Fault, isFault } from './fault.ts';
export type { Guest, GuestJob, GuestResult, GuestRunOptions } from './guest.ts';
export type { ArmBuild, BuildResult, Diagnostic, Image, Kernel } from './kernel.ts';
export type { AppliedPatch, ApplyResult, Patch, PatchConflict, Series } from './series.ts';
export type { Frame, LineChange, SourceExcerpt, SourceLines, Splat, Trace } from './splat.ts';
export type {
  Finding,
  MachineNeeds,
  BootMethod,
  Outcome,
  StepRecord,
  RunEvent,
  RunListener,
  TrialResult,
  TrialRunner,
  TrialSpec,
} from './trial.ts';
export type {
  CampaignVerdict,
  CloneSummary,
  Comparison,
  ScenarioVerdict,
  SignatureVerdict,
  PerPatchGrid,
  PatchRow,
  PatchState,
} from './verdict.ts';
export { comparisonWords } from './verdict.ts';
