// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import type { Guest, StepRecord, Timeouts } from '../model/index.ts';
import type { Jobs } from './jobs.ts';

/** A step as it stands in a scenario: its kind is the one key that names a step, and what it does is the value. */
export type StepText = { readonly label?: string | undefined; readonly continue?: boolean | undefined } & {
  readonly [kind: string]: unknown;
};

/** Something that did not come as the scenario expects. */
export interface Failure {
  /** Stable words for the signature: no number that differs from run to run. */
  readonly what: string;
  /** One line for people. */
  readonly title: string;
  readonly details?: readonly string[];
}

export interface StepOutcome {
  readonly failures: readonly Failure[];
  /** What is worth keeping in the record even when all is well. */
  readonly details?: readonly string[];
  /** Inner steps failed and have reported it themselves: the steps after this one are not done. */
  readonly stopped?: boolean;
}

/** What the trial gives to a scenario: the guest, the console's lines, and time. */
export interface Stage {
  readonly guest: Guest;
  /** Whether a line after the last mark matches, within so many milliseconds of real time. */
  waitForConsole(pattern: RegExp, timeoutMs: number): Promise<boolean>;
  /** Lines until now are no longer looked at. */
  consoleMark(): void;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after so many milliseconds, or as soon as the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /**
   * Aborts when the steps must end. Its reason is the Fault that says why: the user interrupted (`TRIAL_INTERRUPTED`), the
   * scenario's own limit passed (`SCENARIO_TIMEOUT`), or the machine ended (`MACHINE_ENDED`). The first one wins.
   */
  readonly signal: AbortSignal;
  readonly timeouts: Timeouts;
  /** Milliseconds since the console last printed anything. */
  consoleSilentMs(): number;
  /** Settles once the log has a complaint that the scenario neither expects nor allows. */
  readonly firstFinding: Promise<void>;
  /** Drives every random choice of the steps. */
  readonly seed: number;
  onStepStarted(phase: StepRecord['phase'], label: string): void;
  onStepEnded(record: StepRecord): void;
}

/** What a step may use. */
export interface StepContext {
  readonly guest: Guest;
  readonly stage: Pick<Stage, 'waitForConsole' | 'consoleMark' | 'now'>;
  readonly jobs: Jobs;
  /** Variables that every command of this list of steps sees. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds of a duration's text on this machine. */
  scale(duration: string): number;
  /** Resolves after so many milliseconds, or as soon as the steps must end. */
  sleep(ms: number): Promise<void>;
  /** Performs a list of inner steps; returns whether it went through. Its failures are reported by itself. */
  performList(
    steps: readonly StepText[],
    options?: { readonly env?: Readonly<Record<string, string>>; readonly quiet?: boolean },
  ): Promise<boolean>;
  /** Asks again and again until the answer is not null; null when the time is over. */
  poll<Answer>(ask: () => Promise<Answer | null>, timeoutMs: number): Promise<Answer | null>;
}

/** One kind of step: its words and what it does. */
export interface Step<Body = unknown> {
  readonly kind: string;
  /** For the published schema, one sentence. */
  readonly description: string;
  /** `steps` is the schema of a list of steps, for kinds that have such lists inside. */
  schema(steps: z.ZodType<readonly StepText[]>): z.ZodType<Body>;
  /** What the step is called where the scenario gives it no label. */
  describe(body: Body): string;
  /** Lists of steps inside, with the path to each, for those who look through a scenario. */
  inner?(
    body: Body,
  ): readonly { readonly path: readonly (string | number)[]; readonly steps: readonly StepText[] }[];
  /** Names of jobs that it starts, and that it needs to have been started, for lint. */
  jobs?(body: Body): { readonly starts?: readonly string[]; readonly uses?: readonly string[] };
  perform(body: Body, context: StepContext): Promise<StepOutcome>;
}

/** Makes a kind of step fit for the list of all kinds. The schema has checked the body when `perform` sees it. */
export function defineStep<Body>(step: Step<Body>): Step {
  return step as Step<unknown>;
}
