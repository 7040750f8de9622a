// SPDX-License-Identifier: MIT
import type { Durations } from './durations.ts';
import type { Clock } from './journal.ts';
import type { Performer } from './performer.ts';
import type { Action, Policy } from './policy/policy.ts';
import type { Recorder } from './recorder.ts';
import type { Capacity } from './schedule.ts';

/** What a campaign is executed with. */
export interface Execution {
  readonly recorder: Recorder;
  readonly policy: Policy;
  readonly performer: Performer;
  readonly capacity: Capacity;
  readonly durations: Durations;
  readonly clock: Clock;
  /** The user's interruption. */
  readonly signal: AbortSignal;
}

/** What is under way: the action, when it began, and its end, which never rejects. */
export interface Running {
  readonly action: Action;
  readonly startedAt: number;
  readonly ended: Promise<void>;
}
