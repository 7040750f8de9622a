// SPDX-License-Identifier: MIT
import type { KernelDefinition } from '../kernel/index.ts';
import type { Series } from '../model/index.ts';
import type { SettledScenario } from '../scenario/index.ts';
import type { ArmsChoice } from './plan.ts';

/** What a user asks for, settled: nothing in it is looked up again. */
export interface CampaignRequest {
  readonly title: string;
  /** The series under trial; null to run the scenarios on the base alone. */
  readonly series: Series | null;
  readonly kernel: KernelDefinition;
  /** Config fragments on top of the definition's. */
  readonly extraFragments: readonly string[];
  /** Commit to use as base instead of the definition's, from the command line. */
  readonly baseCommit: string | null;
  readonly scenarios: readonly SettledScenario[];
  readonly arms: ArmsChoice;
  /** Path of the image recipe. */
  readonly image: string;
  /** Trials of each scenario on each arm. */
  readonly repeat: number;
  readonly seed: number;
  /** Boot every machine; no clones. */
  readonly cold: boolean;
  /** One in so many trials in clones is done in a booted machine as well; 0: none. */
  readonly clonesPerControl: number;
  /** Machines at once; null: as many as cores and memory allow. */
  readonly jobs: number | null;
  /** The command line that repeats the run. */
  readonly repeatCommand: string;
}

/** Where a campaign lives on this computer. */
export interface CampaignPlace {
  /** Project root: kernels/, images/, scenarios/. */
  readonly root: string;
  readonly cacheDirectory: string;
  readonly runDirectory: string;
  readonly mirror?: string;
}
