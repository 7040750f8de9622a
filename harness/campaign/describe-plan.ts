// SPDX-License-Identifier: MIT
import type { CampaignPlan, PlannedTrial } from '../model/index.ts';
import { describeBuildFiles } from './build-files.ts';
import { type CodeForecast, describeForecast } from './foresee-code.ts';
import type { CampaignRequest } from './request.ts';

/** Lines about trials that a plan has at most: nobody reads more. */
const LISTED_TRIALS = 200;

/** The plan for people, line by line: what `--dry-run` prints. */
export function describePlan(
  request: CampaignRequest,
  plan: CampaignPlan,
  forecast: CodeForecast | null,
): string[] {
  const { series, kernel } = request;
  const lines = [
    `kernel     ${kernel.name}: ${JSON.stringify(kernel.source)}`,
    `config     ${describeConfig(kernel)}`,
  ];
  for (const note of request.notes) lines.push(`           note: ${note}`);
  if (kernel.patches.length > 0)
    lines.push(`base       ${kernel.patches.length} patches of the definition, then:`);
  if (series) {
    lines.push(
      `series     ${series.title} (version ${series.version}, ${series.patches.length} patches, sha256 ${series.digest.slice(0, 12)})`,
    );
    for (const patch of series.patches)
      lines.push(`           ${String(patch.number).padStart(2)} ${patch.subject}`);
    for (const note of [...series.notes, ...describeBuildFiles(series)])
      lines.push(`           note: ${note}`);
  }
  if (series) lines.push(...describeForecast(forecast));
  for (const arm of plan.arms) lines.push(`arm        ${arm.name}: ${arm.patches} patches of the series`);
  for (const name of plan.l2Kernels) lines.push(`l2 kernel  ${name}`);
  lines.push(
    plan.policy?.kind === 'sequential'
      ? `trials     at most ${plan.trials.length}, until the numbers decide`
      : `trials     ${plan.trials.length}`,
    ...describeTrials(plan),
  );
  lines.push(`repeat     ${request.repeatCommand}`);
  return lines;
}

function describeConfig({ config }: CampaignRequest['kernel']): string {
  const fragments = config.fragments.map(({ path, name }) => name ?? path);
  const options = Object.entries(config.options).map(([name, value]) => `${name}=${value}`);
  return [config.file ?? config.base, ...new Set(fragments), ...options].join(' + ');
}

/** Each trial, or where they are too many to be read one by one, or not all are needed, how many there are of each kind. */
function describeTrials({ scenarios, trials, policy }: CampaignPlan): string[] {
  const still = new Set(scenarios.filter((one) => one.static).map((one) => one.name));
  const indent = ' '.repeat(11);
  if (policy?.kind !== 'sequential' && trials.length <= LISTED_TRIALS)
    return trials.map((trial) => `${indent}${trial.id} (seed ${trial.seed}, ${describeBoot(trial, still)})`);
  const counts = new Map<string, number>();
  for (const trial of trials) {
    const kind = `${trial.scenario}.${trial.arm} (${describeBoot(trial, still)})`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const kinds = [...counts].map(([kind, count]) => `${indent}${count} of ${kind}`);
  if (kinds.length <= LISTED_TRIALS) return kinds;
  return [...kinds.slice(0, LISTED_TRIALS), `${indent}and ${kinds.length - LISTED_TRIALS} more kinds`];
}

function describeBoot(
  { scenario, control, boot, widened }: PlannedTrial,
  still: ReadonlySet<string>,
): string {
  if (still.has(scenario)) return 'tree and objects, no machine';
  const how = boot === 'clone' ? 'clone' : `cold boot${control ? ', a control for the clones' : ''}`;
  return widened === undefined ? how : `${how}, ${widened ? 'widened' : 'not widened'}`;
}
