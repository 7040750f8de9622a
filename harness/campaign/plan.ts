// SPDX-License-Identifier: MIT
import type { SettledScenario } from '../scenario/index.ts';
import type { CampaignRequest } from './request.ts';

/** One kernel under comparison, before it is built. */
export interface PlannedArm {
  readonly name: string;
  /** How many of the series' patches it has. */
  readonly patches: number;
}

export interface PlannedTrial {
  readonly id: string;
  readonly scenario: SettledScenario;
  readonly arm: string;
  readonly attempt: number;
  readonly seed: number;
}

/** What will be done, as a value: arms to build, then trials in the order in which they start. */
export interface CampaignPlan {
  readonly arms: readonly PlannedArm[];
  readonly l2Kernels: readonly string[];
  readonly trials: readonly PlannedTrial[];
}

/** Plans a campaign. Pure: the same request gives the same plan. Arms are interleaved, so that both see the same hour. */
export function planCampaign(request: CampaignRequest): CampaignPlan {
  const arms: PlannedArm[] = [{ name: 'base', patches: 0 }];
  if (request.series) arms.push({ name: 'patched', patches: request.series.patches.length });
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
        });
      }
    }
  }
  const l2Kernels = [
    ...new Set(request.scenarios.flatMap((scenario) => Object.values(scenario.l2).map((one) => one.kernel))),
  ].sort();
  return { arms, l2Kernels, trials };
}

/** The command line may ask for more trials than the scenario does, never for fewer. */
function countRepeats(request: CampaignRequest, scenario: SettledScenario): number {
  return Math.max(request.repeat, scenario.repeats);
}

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
  for (const trial of plan.trials) lines.push(`           ${trial.id} (seed ${trial.seed})`);
  lines.push(`repeat     ${request.repeatCommand}`);
  return lines;
}
