// SPDX-License-Identifier: MIT
// Makes: the nouns that every room speaks, as plain readonly values, the one error class, and what is pure and theirs.
// Needs: nothing.
// Never: does anything, or imports anything.
export type {
  ArmState,
  ArmsChoice,
  CampaignPlan,
  CampaignState,
  EndReason,
  PlannedArm,
  PlannedScenario,
  PlannedTrial,
  PolicyChoice,
  Rejection,
  RunRequest,
  SeriesRecord,
  TrialState,
} from './campaign.ts';
export { DEFAULT_TRIALS } from './campaign.ts';
export type { ChangedCode } from './changed-code.ts';
export { describeUntried, isUntried } from './changed-code.ts';
export type {
  ArmCoverage,
  ChangedFunction,
  CoverageVerdict,
  FunctionHits,
  TrialCoverage,
  Unmeasured,
} from './coverage.ts';
export { describeCoverage, describeUnmeasured, MAXIMUM_CHANGED_FUNCTIONS } from './coverage.ts';
export type { DataDisk } from './data-disk.ts';
export type { LiveEventBody, RunEmitter, RunEvent, RunEventBody, RunListener } from './event.ts';
export type { Blame, FaultBlame, FaultOptions, Span } from './fault.ts';
export { exitCodeOf, Fault, isFault } from './fault.ts';
export type { Guest, GuestJob, GuestResult, GuestRunOptions } from './guest.ts';
export { formatJson } from './json.ts';
export type {
  Architecture,
  ArmBuild,
  BuildResult,
  Diagnostic,
  Image,
  ImageId,
  Kernel,
  KernelId,
} from './kernel.ts';
export { ARCHITECTURES, identifyKernel } from './kernel.ts';
export type { L2Files, L2Shape } from './l2.ts';
export { L2_WAITS, l2Argv, l2StateNames } from './l2.ts';
export type { Limit, LimitName, Limits } from './limits.ts';
export { DEFAULT_LIMITS, LIMITS, NO_LIMITS, parseLimits, requireWithin } from './limits.ts';
export { describeInterval, describeNumbers, describeP } from './numbers.ts';
export { PANIC_BEGINS, PANIC_ENDS, PANIC_WORDS } from './panic.ts';
export { quoteArg, quoteArgs } from './quote.ts';
export type { TrialRunner } from './runner.ts';
export { groupFindings } from './same-bug.ts';
export type {
  AppliedPatch,
  ApplyResult,
  ComparedLine,
  ConflictCause,
  CoverLetter,
  MailHead,
  Patch,
  PatchConflict,
  Series,
} from './series.ts';
export type {
  Frame,
  LineChange,
  SourceExcerpt,
  SourceLines,
  Splat,
  SplatBody,
  TextRef,
  Trace,
  TrialSplat,
} from './splat.ts';
export { findExplained } from './splat.ts';
export type { Subtest, SubtestOutcome } from './subtest.ts';
export { isFailure } from './subtest.ts';
export type { TerminalText } from './terminal.ts';
export { printable, terminalText } from './terminal.ts';
export type { Timeouts, TimeoutsRequest } from './timeouts.ts';
export { makeTimeouts } from './timeouts.ts';
export type {
  AcceleratorChoice,
  BootMethod,
  FileRef,
  Finding,
  MachineNeeds,
  Outcome,
  RacePoint,
  StepRecord,
  TrialResult,
  TrialSpec,
} from './trial.ts';
export { isConclusive, MAXIMUM_TRIAL_SPLATS, MAXIMUM_TRIAL_SUBTESTS } from './trial.ts';
export { toFault, trialBlameOf } from './unknown.ts';
export type {
  ArmCount,
  ArmPower,
  CampaignVerdict,
  CloneSummary,
  Comparison,
  KnownIssue,
  KnownSighting,
  PatchRow,
  PatchState,
  PerPatchGrid,
  ScenarioVerdict,
  SignatureTest,
  SignatureVerdict,
  SubtestChange,
  SubtestsVerdict,
  SubtestVerdict,
} from './verdict.ts';
export {
  COMPARISONS,
  changeWords,
  comparisonWords,
  exitCodeOfComparison,
  isGood,
  SUBTEST_CHANGES,
} from './verdict.ts';
