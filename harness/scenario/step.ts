// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import type { Guest, LimitName, RacePoint, StepRecord, Subtest, Timeouts } from '../model/index.ts';
import type { Jobs } from './jobs.ts';
import type { Pattern } from './pattern.ts';
import type { Snapshot } from './snapshot.ts';

/** A step as a scenario's author writes it: the one key that names a kind of step has what to do as its value. */
export type WrittenStep = {
  readonly label?: string | undefined;
  readonly continue?: boolean | undefined;
  readonly within?: string | undefined;
} & {
  readonly [kind: string]: unknown;
};

/** A step that is complete in itself, as JSON. `body` is the settled body of its kind. */
export interface SettledStep {
  readonly kind: string;
  /** What records and signatures call it. */
  readonly label: string;
  /** Whether the steps after it are performed even when it fails. */
  readonly continue: boolean;
  /** Longer it may not take, on a fast machine. Absent: as long as its kind allows. */
  readonly withinMs?: number | undefined;
  readonly body: unknown;
}

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
  /** What is worth keeping in the record even when the step passes. */
  readonly details?: readonly string[];
  /** What was measured, by a name with its unit: `rounds`, `spreadUs`. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** Where a race was tried. */
  readonly points?: readonly RacePoint[];
  /** Texts that are worth a file beside the record, by the name of that file. */
  readonly evidence?: Readonly<Record<string, string>>;
  /** Inner steps failed and were reported by themselves: the steps after this one are not performed. */
  readonly stopped?: boolean;
  /** Tests of a suite that it ran. One that failed is a finding by its own name; the next steps are performed all the same. */
  readonly subtests?: readonly Subtest[];
}

/** What the trial gives to a scenario: the guest, the console's lines, and time. */
export interface Stage {
  readonly guest: Guest;
  /** Whether a line after the last mark matches, within `timeoutMs` of real time. */
  waitForConsole(pattern: Pattern, timeoutMs: number): Promise<boolean>;
  /** Lines until now are no longer looked at. */
  consoleMark(): void;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds, or as soon as the signal aborts. Nothing else ends it. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /**
   * Aborts when the steps must end. Its reason is the Fault that says why: the user interrupted (`TRIAL_INTERRUPTED`), the
   * scenario's own limit passed (`SCENARIO_TIMEOUT`), or the machine ended (`MACHINE_ENDED`). The first one wins.
   */
  readonly signal: AbortSignal;
  readonly timeouts: Timeouts;
  /** Milliseconds since the console last printed anything. */
  consoleSilentMs(): number;
  /** Titles of the splats in records of the kernel's log, as /dev/kmsg has them. */
  findSplats(records: string): readonly string[];
  /** Settles once the log has a complaint that the scenario neither expects nor allows. */
  readonly firstFinding: Promise<void>;
  /** How many such complaints the log has so far. Absent: nobody counts them. */
  splatsSeen?(): number;
  /** Drives every random choice of the steps; commands see it as `KTRIAL_SEED`. */
  readonly seed: number;
  /** False or absent: steps `widen` delay nothing, this trial is the control. */
  readonly widened?: boolean;
  onStepStarted(phase: StepRecord['phase'], label: string): void;
  onStepEnded(record: StepRecord): void;
}

/** What a step may use. */
export interface StepContext {
  readonly guest: Guest;
  readonly stage: Pick<
    Stage,
    'waitForConsole' | 'consoleMark' | 'now' | 'seed' | 'widened' | 'findSplats' | 'splatsSeen'
  >;
  readonly jobs: Jobs;
  /** What was there after the setup, for checks that compare. */
  readonly snapshot: Snapshot;
  /** Variables that every command of this list of steps sees. */
  readonly env: Readonly<Record<string, string>>;
  /** Real milliseconds on this machine for a time that the scenario was written with. */
  scale(ms: number): number;
  /** Resolves after `ms` milliseconds, or as soon as the steps must end. */
  sleep(ms: number): Promise<void>;
  /** Performs a list of inner steps; returns whether it was performed to its end. Its failures are reported by itself. */
  performList(
    steps: readonly SettledStep[],
    options?: {
      readonly env?: Readonly<Record<string, string>>;
      /** Steps that pass are not recorded. */
      readonly quiet?: boolean;
      /** Steps that fail are not recorded either; their findings are. */
      readonly silent?: boolean;
    },
  ): Promise<boolean>;
  /** `describe` is called when the step is cut short or cannot go on: its record then has what came before. */
  whenCut(describe: () => Omit<StepOutcome, 'failures'>): void;
  /** A test of a suite, or a whole suite, begins: if the machine ends now, it crashed. */
  beginSubtest(name: string): void;
  /** What began has ended; its tests are kept whatever happens later. */
  endSubtest(subtests: readonly Subtest[]): void;
  /** Asks again and again until the answer is not null; null when the time is over. */
  poll<Answer>(ask: () => Promise<Answer | null>, timeoutMs: number): Promise<Answer | null>;
}

/** A name that a step uses, with its place below the step's kind. */
export interface UsedName {
  readonly name: string;
  readonly path: readonly (string | number)[];
}

/**
 * One kind of step: its language and what it does. `Written` is the body as its author writes it, with defaults filled in
 * and placeholders in place; `Body` is the settled body: JSON all through, times in milliseconds.
 */
export interface Step<Written = unknown, Body = unknown> {
  readonly kind: string;
  /** For the published schema, one sentence. */
  readonly description: string;
  /** Schema of the written body. `steps` is the schema of a list of steps, for kinds that have such lists inside. */
  written(steps: z.ZodType<readonly WrittenStep[]>): z.ZodType<Written>;
  /** Schema of the settled body. */
  settled(steps: z.ZodType<readonly SettledStep[]>): z.ZodType<Body>;
  /** Settles a body that has no placeholder left. */
  settle(written: Written, settleSteps: (steps: readonly WrittenStep[]) => readonly SettledStep[]): Body;
  /** The label of a step that was given none. */
  describe(written: Written): string;
  /** Lists of steps inside, with the path to each. */
  inner?(written: Written): readonly {
    readonly path: readonly (string | number)[];
    readonly steps: readonly WrittenStep[];
  }[];
  /** Names of jobs that it starts, and of jobs that must have been started before. */
  jobs?(written: Written): {
    readonly starts?: readonly string[];
    readonly uses?: readonly string[];
    /** Whether the job that it starts writes, or the one that it uses must. */
    readonly writes?: boolean;
  };
  /** Numbers that have a bound, with the path to each. A placeholder is a text. */
  quantities?(written: Written): readonly {
    readonly limit: LimitName;
    readonly amount: number | string;
    readonly path: readonly (string | number)[];
  }[];
  /** The number of CPUs that its machine must have. */
  cpus?(written: Written): number;
  /** The time that it takes at least, as it is written. */
  waits?(written: Written): string | undefined;
  /** VMs under `l2` that it starts. */
  vms?(written: Written): readonly UsedName[];
  perform(body: Body, context: StepContext): Promise<StepOutcome>;
}

/** Makes a kind of step fit for the list of all kinds: its schemas have checked what the functions get. */
export function defineStep<Written, Body>(step: Step<Written, Body>): Step {
  return step as unknown as Step;
}
