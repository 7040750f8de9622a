// SPDX-License-Identifier: MIT
import type { Blame } from './fault.ts';
import type { Image, Kernel } from './kernel.ts';
import type { Splat } from './splat.ts';

export type Outcome = 'passed' | 'failed' | 'skipped' | 'notRun';

/** What a machine needs to be, for one trial. */
export interface MachineNeeds {
  readonly cpus: number;
  readonly memoryMib: number;
  /** Added to the kernel's command line. */
  readonly kernelArgs: readonly string[];
}

/** One scenario, on one arm, once: complete in itself, so that another computer could run it. */
export interface TrialSpec {
  readonly format: 1;
  /** Unique in its campaign and fit for a file name: `vm-positive.base.1`. */
  readonly id: string;
  readonly scenario: string;
  readonly arm: string;
  readonly attempt: number;
  readonly seed: number;
  readonly kernel: Kernel;
  readonly image: Image;
  /** The scenario's settled form, as `scenario/` wrote it; opaque to everybody else. */
  readonly settled: unknown;
  readonly machine: MachineNeeds;
  /** Kernels for VMs inside the guest, by the name the scenario uses. */
  readonly l2: Readonly<Record<string, Kernel>>;
  readonly timeoutMs: number;
  /** Whether its machine may be thawed from a template; when absent it is booted. */
  readonly boot?: 'clone' | 'cold';
}

/** How a trial came by its machine. */
export interface BootMethod {
  /** `clone`: thawed from a template; `cold`: booted. */
  readonly kind: 'clone' | 'cold';
  /** Key of the template of a clone; null for a cold boot. */
  readonly template: string | null;
  /** From the start of a clone to QEMU's answering monitor, in milliseconds; null for a cold boot. */
  readonly qmpMs: number | null;
  /** Resident memory of a clone when it ran its first command, pages that are shared counted by their share, in MiB. */
  readonly memoryMib: number | null;
  /** Why there was no clone although one was allowed: none could be made, or it did not come up. Null otherwise. */
  readonly fallbackReason: string | null;
}

/**
 * One thing that a trial found wrong. Two arms are compared finding by finding, by signature.
 * `splat`: a complaint in the log; `expectation`: the guest did something else than the scenario asks;
 * `death`: the machine panicked, hung, powered off or lost its guest.
 */
export interface Finding {
  readonly kind: 'splat' | 'expectation' | 'death';
  readonly signature: string;
  /** One line for people. */
  readonly title: string;
  /** The step it came from, or null for what the log showed. */
  readonly step: string | null;
  /** What was expected and what came, a few lines. */
  readonly details: readonly string[];
  /** Index into the trial's splats, where it is one. */
  readonly splat: number | null;
}

export interface StepRecord {
  readonly label: string;
  readonly kind: string;
  readonly phase: 'setup' | 'steps' | 'cleanup';
  readonly startedAt: string;
  readonly durationMs: number;
  readonly outcome: 'passed' | 'failed' | 'error';
  readonly details: readonly string[];
}

/** What one trial came to. */
export interface TrialResult {
  readonly format: 1;
  readonly id: string;
  readonly scenario: string;
  readonly arm: string;
  readonly attempt: number;
  readonly outcome: Outcome;
  /** Null when passed, skipped or not run. */
  readonly blame: Blame | null;
  /** One sentence: why it ended as it did. */
  readonly reason: string;
  readonly findings: readonly Finding[];
  readonly splats: readonly Splat[];
  readonly steps: readonly StepRecord[];
  readonly startedAt: string;
  readonly durationMs: number;
  /** From the start of its machine to the first guest command, in milliseconds, or null when it never came. */
  readonly bootMs: number | null;
  /** Absent in records from before there were clones. */
  readonly bootMethod?: BootMethod;
  /** `kvm` or `tcg`, and why. */
  readonly accelerator: string;
  /** File names in the trial's own directory, by what they hold. */
  readonly files: Readonly<Record<string, string>>;
  /** The line that starts the same machine by hand. */
  readonly machineCommand: string;
}

export type RunListener = (event: RunEvent) => void;

/** Runs one trial to its end. Never rejects for what happens in the trial; rejects only when `signal` aborts. */
export type TrialRunner = (spec: TrialSpec, listen: RunListener, signal: AbortSignal) => Promise<TrialResult>;

interface EventHead {
  readonly format: 1;
  /** ISO 8601. */
  readonly at: string;
}

/** All that a run tells its listeners. Reporters read nothing else. */
export type RunEvent = EventHead &
  (
    | {
        readonly type: 'campaignStarted';
        readonly title: string;
        readonly arms: readonly string[];
        readonly trials: number;
        readonly runDirectory: string;
        readonly repeat: string;
      }
    | { readonly type: 'stageStarted'; readonly stage: string; readonly title: string }
    | { readonly type: 'stageProgress'; readonly stage: string; readonly text: string }
    | {
        readonly type: 'stageEnded';
        readonly stage: string;
        readonly ok: boolean;
        readonly text: string;
        readonly durationMs: number;
      }
    | {
        readonly type: 'trialStarted';
        readonly trial: string;
        readonly scenario: string;
        readonly arm: string;
      }
    | {
        readonly type: 'machineBooted';
        readonly trial: string;
        readonly bootMs: number;
        readonly accelerator: string;
        /** Absent in records from before there were clones. */
        readonly bootMethod?: BootMethod;
      }
    | {
        /** A clone did not come up, or none could be made: the trial boots its machine instead. */
        readonly type: 'cloneFellBack';
        readonly trial: string;
        readonly reason: string;
      }
    | {
        readonly type: 'stepStarted';
        readonly trial: string;
        readonly phase: StepRecord['phase'];
        readonly label: string;
      }
    | { readonly type: 'stepEnded'; readonly trial: string; readonly step: StepRecord }
    | { readonly type: 'splatSeen'; readonly trial: string; readonly title: string }
    | { readonly type: 'trialEnded'; readonly trial: string; readonly result: TrialResult }
    | {
        /** How the queue of trials stands, after each start and end. */
        readonly type: 'queueChanged';
        readonly done: number;
        readonly running: number;
        readonly waiting: number;
        /** Until the last trial ends, by how long such trials took; null where nothing is known yet. */
        readonly remainingMs: number | null;
      }
    | { readonly type: 'campaignEnded'; readonly verdict: import('./verdict.ts').CampaignVerdict }
  );
