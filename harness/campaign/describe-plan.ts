// SPDX-License-Identifier: MIT
import type { CampaignPlan, PlannedTrial } from '../model/index.ts';
import { describeBuildFiles } from './build-files.ts';
import type { CampaignRequest } from './request.ts';

/** The plan for people, line by line: what `--dry-run` prints. */
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
    for (const note of [...series.notes, ...describeBuildFiles(series)])
      lines.push(`           note: ${note}`);
  }
  for (const arm of plan.arms) lines.push(`arm        ${arm.name}: ${arm.patches} patches of the series`);
  for (const name of plan.l2Kernels) lines.push(`l2 kernel  ${name}`);
  lines.push(`trials     ${plan.trials.length}`);
  for (const trial of plan.trials)
    lines.push(`           ${trial.id} (seed ${trial.seed}, ${describeBoot(trial)})`);
  lines.push(`repeat     ${request.repeatCommand}`);
  return lines;
}

function describeBoot(trial: PlannedTrial): string {
  if (trial.control) return 'cold boot, a control for the clones';
  return trial.boot === 'clone' ? 'clone' : 'cold boot';
}
