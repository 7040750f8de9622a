// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ArmBuild, CampaignState, Kernel, PlannedScenario } from '../model/index.ts';

/** By scenario what it needs and this kernel has not, as a sentence; only scenarios that lack something. */
export async function findUnmetNeeds(
  scenarios: readonly PlannedScenario[],
  kernel: Pick<Kernel, 'modules'>,
): Promise<Readonly<Record<string, string>>> {
  const needing = scenarios.filter((one) => one.needs !== undefined);
  if (needing.length === 0) return {};
  const files = await readdir(kernel.modules, { recursive: true }).catch(() => []);
  const modules = new Set(
    files.filter((file) => file.endsWith('.ko')).map((file) => nameOf(basename(file, '.ko'))),
  );
  return Object.fromEntries(
    needing.flatMap(({ name, needs }) => {
      const lacking = (needs?.modules ?? []).filter((module) => !modules.has(nameOf(module)));
      if (lacking.length === 0) return [];
      return [[name, `the kernel has no module ${lacking.join(', ')}`]];
    }),
  );
}

/** The kernel's name of a module: its file may have dashes for underscores. */
function nameOf(module: string): string {
  return module.replaceAll('-', '_');
}

/** The modules of ktrial's own that guests of the plan's scenarios need, without those of scenarios that are skipped. */
export function plannedGuestModules(
  { plan }: Pick<CampaignState, 'plan'>,
  unmet: ArmBuild['unmet'] = {},
): readonly string[] {
  const scenarios = plan.scenarios.filter((one) => !Object.hasOwn(unmet, one.name));
  return [...new Set(scenarios.flatMap((one) => one.guestModules ?? []))];
}
