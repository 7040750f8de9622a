// SPDX-License-Identifier: MIT
import type { CampaignState } from '../../model/index.ts';

/** What a campaign does next. An action that is under way stays in the list; who performs it does it once. */
export type Action =
  /** Fetch the source, settle the configuration, make every patch a commit. */
  | { readonly type: 'apply' }
  | { readonly type: 'buildArm'; readonly arm: string }
  | { readonly type: 'makeImage' }
  /** Build the kernel of a VM inside the guest. */
  | { readonly type: 'buildL2'; readonly name: string }
  | { readonly type: 'runTrial'; readonly trial: string }
  /** The trial cannot be run; the reason becomes its result. `skipped`: its scenario says what it needs, and it is not there. */
  | {
      readonly type: 'skipTrial';
      readonly trial: string;
      readonly outcome: 'skipped' | 'notRun';
      readonly reason: string;
    }
  /** `rejected`: the series does not compile. `finished`: nothing is left to do. */
  | { readonly type: 'stop'; readonly reason: 'finished' | 'rejected' };

/** Decides what a campaign does next from all that is known of it. Pure: same state, same actions. */
export type Policy = (state: CampaignState) => readonly Action[];
