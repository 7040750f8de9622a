// SPDX-License-Identifier: MIT
import type { RunEmitter } from './event.ts';
import type { TrialResult, TrialSpec } from './trial.ts';

/**
 * Runs one trial to its end. Never rejects: whatever happens is in the result. When `signal` aborts, the machine is stopped and
 * the result, with everything collected so far, has the fault `TRIAL_INTERRUPTED`, or the Fault that is the signal's reason.
 */
export type TrialRunner = (spec: TrialSpec, emit: RunEmitter, signal: AbortSignal) => Promise<TrialResult>;
