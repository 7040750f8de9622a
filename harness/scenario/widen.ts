// SPDX-License-Identifier: MIT
import type { SettledStep, StepContext, StepOutcome } from './step.ts';

/** A delay at the entry of a kernel function, and what is performed meanwhile. */
export interface Widening {
  readonly function: string;
  readonly comm: string | null;
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly times: number;
  readonly skip: number;
  readonly probability: number;
  readonly expect: 'hit' | 'any';
  readonly steps: readonly SettledStep[];
}

/** Performs the inner steps, delayed where the trial is no control. */
export async function performWidened({ steps }: Widening, context: StepContext): Promise<StepOutcome> {
  const done = await context.performList(steps);
  return { failures: [], details: ['control: not widened'], stopped: !done };
}
