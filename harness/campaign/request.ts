// SPDX-License-Identifier: MIT
import type { BuildChecks, KernelDefinition } from '../kernel/index.ts';
import type { ArmsChoice, KnownIssue, Limits, Series } from '../model/index.ts';
import type { SettledScenario } from '../scenario/index.ts';

/** What arms are built from. */
export interface ArmsRequest {
  /** The series under trial; null for the base alone. */
  readonly series: Series | null;
  /** With what the command line adds to its configuration. */
  readonly kernel: KernelDefinition;
  /** What was chosen for the user, each a sentence: a report has them. */
  readonly notes: readonly string[];
  /** Commit to use as base instead of the definition's, from the command line. */
  readonly baseCommit: string | null;
  readonly arms: ArmsChoice;
  /** Debian mirror for sources and images; null: the one that apt uses. */
  readonly mirror: string | null;
  /** Execute the code of source and series even where this computer cannot contain it. */
  readonly allowUnsandboxed: boolean;
  /** What builds look for beyond the usual; absent: nothing. */
  readonly checks?: BuildChecks;
  /** Whether guests count which of the functions that the series changes run. Absent: they do not. */
  readonly coverage?: boolean;
}

/** What a user asks for, settled: nothing in it is looked up again. */
export interface CampaignRequest extends ArmsRequest {
  readonly title: string;
  readonly scenarios: readonly SettledScenario[];
  /** Faults that decide nothing. */
  readonly knownIssues: readonly KnownIssue[];
  /** Path of the image recipe. */
  readonly image: string;
  /** Trials of each scenario on each arm, at least; null: as many as answer its question, where two arms are compared. */
  readonly repeat: number | null;
  /** Trials of each scenario on each arm, at most, where `repeat` is null. */
  readonly trials: number;
  /** For all trials together, in milliseconds, where `repeat` is null; null: no limit. */
  readonly budgetMs: number | null;
  /** The rate of a fault that a scenario without one is to exclude with 95 % confidence, where `repeat` is null. */
  readonly detect: number;
  /** Attempts that are clones of one booted machine. */
  readonly trialsPerBoot: number;
  readonly seed: number;
  /** Boot every machine; no clones. */
  readonly cold: boolean;
  /** Also run 1 in N clone trials on a cold-booted machine as a control; 0: none. */
  readonly clonesPerControl: number;
  /** Machines at once; null: two per core, as far as memory allows. */
  readonly jobs: number | null;
  /** The command line that repeats the run. */
  readonly repeatCommand: string;
}

/** Where campaigns keep their things on this computer. */
export interface Place {
  /** Project root: kernels/, images/, scenarios/. */
  readonly root: string;
  readonly cacheDirectory: string;
  /** Bounds of what is read and of builds; the usual ones when absent. */
  readonly limits?: Limits;
}
