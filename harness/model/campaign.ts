// SPDX-License-Identifier: MIT
import type { FaultBlame } from './fault.ts';
import type { ArmBuild, Diagnostic, ImageId, KernelId } from './kernel.ts';
import type { AppliedPatch, PatchConflict } from './series.ts';
import type { MachineNeeds, TrialResult } from './trial.ts';
import type { CampaignVerdict, CloneSummary, KnownIssue } from './verdict.ts';

/** Which kernels are compared: the base with the whole series, or with every prefix of it. */
export type ArmsChoice = 'pair' | 'per-patch';

/** A series as a record keeps it; the patches themselves are the run's `series.mbox`. */
export interface SeriesRecord {
  readonly title: string;
  readonly version: number;
  /** Fingerprint of the patches, the same in every container. */
  readonly digest: string;
  readonly baseCommit: string | null;
  /** Where it came from, as the user named it. */
  readonly origin: string;
  readonly patches: readonly {
    readonly number: number;
    readonly subject: string;
    readonly author: string;
    readonly messageId: string | null;
    readonly files: readonly string[];
  }[];
}

/** What was asked for, and the computer and programs that it was asked of. JSON all through. */
export interface RunRequest {
  /** The run's id: the name of its directory. */
  readonly id: string;
  readonly title: string;
  readonly series: SeriesRecord | null;
  /** The kernel definition as it was read. */
  readonly kernel: { readonly name: string } & Readonly<Record<string, unknown>>;
  /** Every other option, settled. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** The command line that repeats the run. */
  readonly repeat: string;
  readonly versions: Readonly<Record<string, string | null>>;
  readonly host: {
    readonly arch: string;
    readonly kernel: string;
    readonly cpus: number;
    readonly memoryMib: number;
  };
}

/** One kernel under comparison, before it is built. */
export interface PlannedArm {
  /** `base`, `patched`, or the patches that it has: `1`, `1..2`. */
  readonly name: string;
  /** For people: `the base`, `patches 1 to 3 of 10`. */
  readonly title: string;
  /** How many of the series' patches it has. */
  readonly patches: number;
}

/** How many trials there are where nobody asks for more or fewer. */
export const DEFAULT_TRIALS = { trials: 30, budgetMs: null, detect: 0.65, trialsPerBoot: 1 } as const;

/** What a scenario is skipped without. */
interface ScenarioNeeds {
  /** Modules that the kernel's build makes. */
  readonly modules: readonly string[];
  /** A PCI device of this computer, as `vendor:device` or `vendor:*`; null for none. */
  readonly pci: string | null;
}

/** A scenario as a plan has it: what the campaign schedules by, and the settled form as JSON. */
export interface PlannedScenario {
  readonly name: string;
  readonly description: string;
  readonly machine: MachineNeeds;
  /** Kernel definitions of VMs inside the guest, by the name that the scenario uses. */
  readonly l2: Readonly<Record<string, { readonly kernel: string; readonly image: string }>>;
  /** kselftest targets that it runs; absent for none. */
  readonly selftests?: readonly string[];
  /** Modules of ktrial's own that its guests need, such as the one that delays tasks; absent for none. */
  readonly guestModules?: readonly string[];
  /** Set where nothing is booted: it checks the tree and the objects of each arm, once. */
  readonly static?: true;
  /** What the kernel and this computer must have, or it is skipped there; absent: nothing. */
  readonly needs?: ScenarioNeeds | undefined;
  /** For the whole trial on a fast machine. */
  readonly timeoutMs: number;
  /** Trials on each arm that it asks for itself; absent: 1. */
  readonly repeats?: number;
  /** The settled scenario, as `scenario/` wrote it and checks it again. */
  readonly settled: unknown;
}

export interface PlannedTrial {
  readonly id: string;
  /** Name of one of the plan's scenarios. */
  readonly scenario: string;
  /** Name of one of the plan's arms. */
  readonly arm: string;
  readonly attempt: number;
  readonly seed: number;
  readonly boot: 'clone' | 'cold';
  readonly control: boolean;
  /** As in its spec. */
  readonly template?: number;
  /** As in its spec. */
  readonly widened?: boolean;
}

/**
 * How a campaign chooses its trials. `fixed`: all that are planned. `sequential`: until the questions are answered, at most those
 * that are planned.
 */
export type PolicyChoice =
  | { readonly kind: 'fixed' }
  | {
      readonly kind: 'sequential';
      /** A scenario that shows nothing is tried until a fault of this rate would have been seen with 95 % confidence. */
      readonly detect: number;
      /** For all trials together, from the start of the first one; null: no limit. */
      readonly budgetMs: number | null;
    };

/** What will be done, as a value. */
export interface CampaignPlan {
  readonly arms: readonly PlannedArm[];
  readonly comparison: ArmsChoice;
  /** Absent in older journals: `fixed`. */
  readonly policy?: PolicyChoice;
  /** Absent: none. */
  readonly knownIssues?: readonly KnownIssue[];
  /** Kernel definitions for VMs inside guests. */
  readonly l2Kernels: readonly string[];
  readonly scenarios: readonly PlannedScenario[];
  /** In the order in which they start; of a sequential plan as many as there may be. */
  readonly trials: readonly PlannedTrial[];
}

/** Why a series cannot be put on trial: news about the series, not an exception. */
export type Rejection =
  | {
      readonly kind: 'conflict';
      readonly conflict: PatchConflict;
      readonly applied: readonly AppliedPatch[];
      /** Whether the kernel's source has other commits that the series could be applied to. Absent: not known. */
      readonly canChooseBase?: boolean;
    }
  | {
      readonly kind: 'doesNotCompile';
      readonly diagnostics: readonly Diagnostic[];
      readonly logTail: readonly string[];
      readonly applied: readonly AppliedPatch[];
    };

/** Why a campaign ended. */
export type EndReason =
  | { readonly kind: 'finished' }
  | { readonly kind: 'rejected' }
  | { readonly kind: 'interrupted' }
  | {
      readonly kind: 'fault';
      readonly blame: FaultBlame;
      readonly code: string;
      readonly message: string;
    };

export interface ArmState extends PlannedArm {
  readonly status: 'planned' | 'building' | 'built' | 'failed';
  readonly build: ArmBuild | null;
  readonly kernel: KernelId | null;
}

export interface TrialState extends PlannedTrial {
  readonly status: 'planned' | 'running' | 'done';
  /** Null while planned. While running: failed, lab, did not finish. */
  readonly result: TrialResult | null;
}

/**
 * All that is known of one campaign: the fold of its journal. Reports, the exit code, resume and history read nothing else.
 * `record.json` is this value.
 */
export interface CampaignState {
  readonly format: 2;
  readonly request: RunRequest;
  readonly plan: CampaignPlan;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly end: EndReason | null;
  readonly notes: readonly string[];
  /** Commit that the series was applied to; null before that. */
  readonly base: string | null;
  /** SHA-256, hex, of the settled configuration, the same for all arms; null before it is settled. */
  readonly config: string | null;
  readonly applied: readonly AppliedPatch[] | null;
  readonly rejection: Rejection | null;
  readonly image: ImageId | null;
  readonly l2: Readonly<Record<string, KernelId>>;
  /** In the series' order: the base first. */
  readonly arms: readonly ArmState[];
  /** In the plan's order. After a finished campaign without those that it did not need. */
  readonly trials: readonly TrialState[];
  readonly clones: CloneSummary | null;
  readonly verdict: CampaignVerdict | null;
}
