// SPDX-License-Identifier: MIT
import type {
  AppliedPatch,
  ArmBuild,
  CampaignVerdict,
  CloneSummary,
  Diagnostic,
  Image,
  Kernel,
  PatchConflict,
  Series,
  TrialResult,
} from '../model/index.ts';

/** Why a series never came to a machine. */
export type Rejection =
  | { readonly kind: 'conflict'; readonly conflict: PatchConflict; readonly applied: readonly AppliedPatch[] }
  | {
      readonly kind: 'doesNotCompile';
      readonly diagnostics: readonly Diagnostic[];
      readonly logTail: readonly string[];
      readonly applied: readonly AppliedPatch[];
    };

/** All that a record is made of. */
export interface CampaignAccount {
  readonly title: string;
  /** What was asked for, settled: the kernel's definition, scenarios, fragments, options. Written as it is. */
  readonly request: unknown;
  readonly seed: number;
  /** The command line that repeats the run. */
  readonly repeatCommand: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Version of each program that had a part, such as `qemu`; null where it did not say. */
  readonly versions: Readonly<Record<string, string | null>>;
  /** The computer: kernel, architecture, CPUs, memory. */
  readonly host: Readonly<Record<string, string | number | null>>;
  readonly series: Series | null;
  /** By arm; empty when none was built. */
  readonly kernels: Readonly<Record<string, Kernel>>;
  /** For VMs inside the guest, by name. */
  readonly l2: Readonly<Record<string, Kernel>>;
  readonly image: Image | null;
  /** Every arm as it was built, the base first. */
  readonly builds: readonly ArmBuild[];
  readonly applied: readonly AppliedPatch[];
  readonly newDiagnostics: readonly Diagnostic[];
  readonly notes: readonly string[];
  readonly rejection: Rejection | null;
  readonly trials: readonly TrialResult[];
  /** Trials in booted machines that clones were held against. */
  readonly controls?: readonly TrialResult[];
  readonly clones?: CloneSummary | null;
  /** Null when no verdict was reached. */
  readonly verdict: CampaignVerdict | null;
}

/**
 * The stored account of a campaign, format 1: everything that is needed to repeat it, and what came of it. Each kernel
 * stands once, under its digest; arms and VMs inside the guest name digests. Patches are named, their mails are not in it.
 */
export function campaignRecord(account: CampaignAccount): object {
  const { series } = account;
  const all = [...Object.values(account.kernels), ...Object.values(account.l2)];
  return {
    format: 1,
    title: account.title,
    repeat: account.repeatCommand,
    startedAt: account.startedAt,
    durationMs: account.durationMs,
    seed: account.seed,
    request: account.request,
    versions: account.versions,
    host: account.host,
    series: series && {
      title: series.title,
      version: series.version,
      digest: series.digest,
      origin: series.origin,
      baseCommit: series.baseCommit,
      notes: series.notes,
      patches: series.patches.map(({ number, subject, author, messageId, files }) => ({
        number,
        subject,
        author,
        messageId,
        files,
      })),
    },
    arms: digestsOf(account.kernels),
    l2: digestsOf(account.l2),
    kernels: Object.fromEntries(all.map((kernel) => [kernel.digest, kernel])),
    image: account.image,
    builds: account.builds,
    applied: account.applied,
    newDiagnostics: account.newDiagnostics,
    notes: account.notes,
    rejection: account.rejection,
    verdict: account.verdict,
    trials: account.trials,
    controls: account.controls ?? [],
    clones: account.clones ?? null,
  };
}

function digestsOf(kernels: Readonly<Record<string, Kernel>>): Record<string, string> {
  return Object.fromEntries(Object.entries(kernels).map(([name, kernel]) => [name, kernel.digest]));
}
