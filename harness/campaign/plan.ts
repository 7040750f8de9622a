// SPDX-License-Identifier: MIT
import type { Series } from '../model/index.ts';
import type { SettledScenario } from '../scenario/index.ts';
import { chooseControls } from './control.ts';
import type { CampaignRequest } from './request.ts';

/** Which kernels are compared: the base with the whole series, or every prefix of it. */
export type ArmsChoice = 'pair' | 'per-patch';

/** One kernel under comparison, before it is built. */
export interface PlannedArm {
  readonly name: string;
  /** For people: `the base`, `patches 1 to 3 of 10`. */
  readonly title: string;
  /** How many of the series' patches it has. */
  readonly patches: number;
}

export interface PlannedTrial {
  readonly id: string;
  readonly scenario: SettledScenario;
  readonly arm: string;
  readonly attempt: number;
  readonly seed: number;
  /** `control`: a trial beside the others, booted, that clones of the same scenario and arm are held against. */
  readonly boot: 'clone' | 'cold' | 'control';
}

/** What will be done, as a value: arms to build, then trials in the order in which they start. */
export interface CampaignPlan {
  /** In the series' order: the base first, the whole series last. */
  readonly arms: readonly PlannedArm[];
  readonly l2Kernels: readonly string[];
  readonly trials: readonly PlannedTrial[];
}

/** The arms of a series: `base` and `patched`, or `base`, `1`, `1..2` … `1..n`; without a series the base alone. */
export function planArms(series: Series | null, choice: ArmsChoice): PlannedArm[] {
  const base = { name: 'base', title: 'the base', patches: 0 };
  const count = series?.patches.length ?? 0;
  if (count === 0) return [base];
  if (choice === 'pair') return [base, { name: 'patched', title: 'the series', patches: count }];
  const prefixes = Array.from({ length: count }, (_, index) => {
    const patches = index + 1;
    return patches === 1
      ? { name: '1', title: `patch 1 of ${count}`, patches }
      : { name: `1..${patches}`, title: `patches 1 to ${patches} of ${count}`, patches };
  });
  return [base, ...prefixes];
}

/** Plans a campaign. Pure: the same request gives the same plan. Arms are interleaved, so that all see the same hour. */
export function planCampaign(request: CampaignRequest): CampaignPlan {
  const arms = planArms(request.series, request.arms);
  const trials: PlannedTrial[] = [];
  const most = Math.max(0, ...request.scenarios.map((scenario) => countRepeats(request, scenario)));
  for (let attempt = 1; attempt <= most; attempt += 1) {
    for (const scenario of request.scenarios) {
      if (attempt > countRepeats(request, scenario)) continue;
      for (const arm of arms) {
        trials.push({
          id: `${scenario.name}.${arm.name}.${attempt}`,
          scenario,
          arm: arm.name,
          attempt,
          seed: (request.seed + attempt * 7919) >>> 0,
          boot: request.cold || scenario.clone === 'never' ? 'cold' : 'clone',
        });
      }
    }
  }
  const l2Kernels = [
    ...new Set(request.scenarios.flatMap((scenario) => Object.values(scenario.l2).map((one) => one.kernel))),
  ].sort();
  return {
    arms,
    l2Kernels,
    trials: [...trials, ...chooseControls(trials, request.seed, request.clonesPerControl)],
  };
}

/** The command line may ask for more trials than the scenario does, never for fewer. */
function countRepeats(request: CampaignRequest, scenario: SettledScenario): number {
  return Math.max(request.repeat, scenario.repeats);
}

const BOOT_WORDS: Readonly<Record<PlannedTrial['boot'], string>> = {
  clone: 'a clone',
  cold: 'booted',
  control: 'booted, to be compared with clones',
};

/** The plan for people, line by line. */
export function describePlan(request: CampaignRequest, plan: CampaignPlan): string[] {
  const { series, kernel } = request;
  const lines = [
    `kernel     ${kernel.name}: ${JSON.stringify(kernel.source)}`,
    `config     ${kernel.config.base} + ${[...kernel.config.fragments, ...request.extraFragments].join(' ')}`,
  ];
  if (kernel.patches.length > 0)
    lines.push(`base       ${kernel.patches.length} patches of the definition, then:`);
  if (series) {
    lines.push(
      `series     ${series.title} (version ${series.version}, ${series.patches.length} patches, sha256 ${series.digest.slice(0, 12)})`,
    );
    for (const patch of series.patches)
      lines.push(`           ${String(patch.number).padStart(2)} ${patch.subject}`);
    for (const note of series.notes) lines.push(`           note: ${note}`);
  }
  for (const arm of plan.arms) lines.push(`arm        ${arm.name}: ${arm.patches} patches of the series`);
  for (const name of plan.l2Kernels) lines.push(`l2 kernel  ${name}`);
  lines.push(`trials     ${plan.trials.length}`);
  for (const trial of plan.trials)
    lines.push(`           ${trial.id} (seed ${trial.seed}, ${BOOT_WORDS[trial.boot]})`);
  lines.push(`repeat     ${request.repeatCommand}`);
  return lines;
}
