// SPDX-License-Identifier: MIT
import { type CampaignState, COMPARISONS, type Comparison, isConclusive } from '../model/index.ts';
import type { Seed, SeedClass } from './manifest.ts';

/** Conclusive trials of one arm, and those of them that found anything wrong. */
export interface ArmTrials {
  readonly seen: number;
  readonly trials: number;
}

/** What one campaign said about one seed. */
export interface CampaignOutcome {
  readonly seed: string;
  readonly class: SeedClass;
  readonly rate: number | null;
  /** The name of its directory in the calibration's. */
  readonly directory: string;
  /** The number that drove its random choices. */
  readonly dice: number;
  /** What its trials really ran on: `kvm`, `tcg`; `none` where no machine was started. */
  readonly accelerator: string;
  readonly comparison: Comparison;
  readonly reason: string;
  /** How many scenarios have each verdict; those that none has are absent. */
  readonly verdicts: Readonly<Partial<Record<Comparison, number>>>;
  /** What regressed, a line each. */
  readonly regressed: readonly string[];
  /** Of a scenario that delays the kernel: the trials that did so. Controls are left out, as verdicts do. */
  readonly base: ArmTrials;
  readonly patched: ArmTrials;
  /** Trials that said nothing about their kernel. */
  readonly lost: number;
  readonly durationMs: number;
}

/** What a finished campaign said about a seed; null for one that has no verdict. */
export function summariseCampaign(
  seed: Pick<Seed, 'name' | 'class' | 'rate'>,
  directory: string,
  state: CampaignState,
): CampaignOutcome | null {
  const { verdict, arms, startedAt, endedAt } = state;
  if (!verdict) return null;
  const results = state.trials.flatMap(({ status, result }) => (status === 'done' && result ? [result] : []));
  const trials = results.filter((one) => !one.control && one.widened !== false);
  const accelerators = new Set(results.flatMap(({ accelerator }) => (accelerator ? [accelerator.kind] : [])));
  const of = (arm: string | undefined): ArmTrials => {
    const own = trials.filter((one) => one.arm === arm && isConclusive(one));
    return { seen: own.filter((one) => one.outcome === 'failed').length, trials: own.length };
  };
  const signatures = verdict.scenarios.flatMap((one) => one.signatures);
  return {
    seed: seed.name,
    class: seed.class,
    rate: seed.rate,
    directory,
    dice: state.request.seed,
    accelerator: accelerators.size === 0 ? 'none' : [...accelerators].sort().join('+'),
    comparison: verdict.comparison,
    reason: verdict.reason,
    verdicts: Object.fromEntries(
      COMPARISONS.map(
        (kind) => [kind, verdict.scenarios.filter((one) => one.comparison === kind).length] as const,
      ).filter(([, count]) => count > 0),
    ),
    regressed: signatures.filter((one) => one.comparison === 'regressed').map((one) => one.title),
    base: of(arms[0]?.name),
    patched: of(arms.at(-1)?.name),
    lost: trials.filter((one) => !isConclusive(one)).length,
    durationMs: endedAt === null ? 0 : Date.parse(endedAt) - Date.parse(startedAt),
  };
}
