// SPDX-License-Identifier: MIT

import type { ChangedFunction, TrialCoverage } from './coverage.ts';
import type { Blame } from './fault.ts';
import type { ImageId, KernelId } from './kernel.ts';
import type { TrialSplat } from './splat.ts';
import type { Subtest } from './subtest.ts';

export type Outcome = 'passed' | 'failed' | 'skipped' | 'notRun';

/** What a machine needs to be, for one trial. */
export interface MachineNeeds {
  readonly cpus: number;
  readonly memoryMib: number;
  /** Added to the kernel's command line. */
  readonly kernelArgs: readonly string[];
  /** Whether it has a network card. Nobody else is in its network. */
  readonly network: boolean;
}

/** One scenario, on one arm, once, as a value: another computer that has the kernel and the image can run it. */
export interface TrialSpec {
  readonly format: 1;
  /** Unique in its campaign and fit for a file name: `vm-positive.base.1`. */
  readonly id: string;
  readonly scenario: string;
  readonly arm: string;
  readonly attempt: number;
  /** Whether it is a cold-booted control that clones of the same scenario and arm are compared with. */
  readonly control: boolean;
  /** Drives every random choice of ktrial in this trial. The same on all arms of an attempt. */
  readonly seed: number;
  readonly kernel: KernelId;
  readonly image: ImageId;
  /** The settled scenario as JSON; `scenario/` checks it where the trial runs. */
  readonly settled: unknown;
  /** Kernels for VMs inside the guest, by the name that the scenario uses. */
  readonly l2: Readonly<Record<string, KernelId>>;
  /** `clone`: its machine may be thawed from a template. `cold`: it boots. */
  readonly boot: 'clone' | 'cold';
  /** Which boot a clone is made of: trials with the same number may share a template. Absent: 0. */
  readonly template?: number;
  /** Whether steps `widen` delay the kernel; false in the controls of such a scenario. Absent where it has none. */
  readonly widened?: boolean;
  /** Functions whose entries are counted. Absent: none. */
  readonly coverage?: readonly ChangedFunction[];
}

/** What gets a trial its machine's CPUs, and why that was chosen. */
export interface AcceleratorChoice {
  readonly kind: 'kvm' | 'tcg';
  readonly reason: string;
}

/** A file in a trial's own directory. */
export interface FileRef {
  readonly name: string;
  /** SHA-256, hex, of its content. */
  readonly digest: string;
  readonly bytes: number;
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
 * `death`: the machine panicked, hung, powered off or lost its guest; `subtest`: a test of a suite that the guest ran failed.
 */
export interface Finding {
  readonly kind: 'splat' | 'expectation' | 'death' | 'subtest';
  readonly signature: string;
  /** One line for people. */
  readonly title: string;
  /** Other titles that the same complaint may have; absent where there are none. */
  readonly alternatives?: readonly string[];
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
  /** `cut`: ended before it was done: after a finding, by a time limit, an interrupt, or the machine's end. */
  readonly outcome: 'passed' | 'failed' | 'error' | 'cut';
  readonly details: readonly string[];
  /** What was measured, by a name with its unit: `rounds`, `spreadUs`. Absent where nothing was. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** Where a race was tried, in the order of the sweep. Absent for other steps. */
  readonly points?: readonly RacePoint[];
}

/** One place of a sweep: how often actors started this far apart, and how often that hit. */
export interface RacePoint {
  /** From the first actor's start to the last one's, in microseconds; negative: the last one started first. */
  readonly offsetUs: number;
  /** The delay that widened a window of the kernel meanwhile, in microseconds; null where none did. */
  readonly delayUs: number | null;
  readonly rounds: number;
  readonly hits: number;
}

/** What one trial came to. Long texts are files in its directory; this has their names, digests, offsets and lengths. */
export interface TrialResult {
  readonly format: 1;
  readonly id: string;
  readonly scenario: string;
  readonly arm: string;
  readonly attempt: number;
  readonly control: boolean;
  /** As in its spec. */
  readonly widened?: boolean;
  /** Set where nothing was booted: the tree and the objects of its arm were checked. The same would come out again. */
  readonly static?: true;
  /** Digest of the kernel that ran; null where it never came to that. */
  readonly kernel: string | null;
  readonly outcome: Outcome;
  /** Null when passed, skipped or not run. */
  readonly blame: Blame | null;
  /** Code of the Fault that ended it, or null. */
  readonly fault: string | null;
  /** One sentence: why it ended as it did. */
  readonly reason: string;
  readonly findings: readonly Finding[];
  /** Whether it showed the fault that its scenario is to reproduce. Absent: the scenario names none. */
  readonly reproduced?: boolean;
  /** At most `MAXIMUM_TRIAL_SPLATS`; those of findings come first. All are in the trial's `splats.ndjson`. */
  readonly splats: readonly TrialSplat[];
  /** How many complaints the log has. */
  readonly splatCount: number;
  readonly steps: readonly StepRecord[];
  /**
   * Tests of the suites that the guest ran, by name: at most `MAXIMUM_TRIAL_SUBTESTS`, those that failed first. All are in
   * the trial's `subtests.ndjson`. Absent where it ran none.
   */
  readonly subtests?: readonly Subtest[];
  /** Which of the changed functions ran. Absent where nothing was counted. */
  readonly coverage?: TrialCoverage;
  /** What a reader should know beside the outcome, a sentence each: evidence that is missing, a log with a gap. */
  readonly notes: readonly string[];
  readonly startedAt: string;
  readonly durationMs: number;
  /** From the start of its machine to the first guest command, in milliseconds, or null when it never came. */
  readonly bootMs: number | null;
  /** Null when no machine was started. */
  readonly bootMethod: BootMethod | null;
  /** Null when no machine was started. */
  readonly accelerator: AcceleratorChoice | null;
  /** By what they have: `console`, `dmesg`, `qemu`. Only files that exist. */
  readonly files: Readonly<Record<string, FileRef>>;
  /** The command that boots the same machine by hand; null when no machine was started. */
  readonly machineCommand: string | null;
  /** What held the machine's emulator: its user, its namespaces, its network card. Null when no machine was started. */
  readonly confinement: string | null;
}

/** Whether a trial says something about its kernel: what the lab, the scenario or ktrial itself spoiled does not. */
export function isConclusive(trial: Pick<TrialResult, 'outcome' | 'blame'>): boolean {
  return trial.outcome === 'passed' || (trial.outcome === 'failed' && trial.blame === 'kernel');
}

/** Complaints that a result contains in full. */
export const MAXIMUM_TRIAL_SPLATS = 50;

/** Tests of suites that a result contains. */
export const MAXIMUM_TRIAL_SUBTESTS = 5000;
