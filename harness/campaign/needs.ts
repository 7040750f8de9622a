// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { type DevicePlaces, findPciDevice } from '../host/index.ts';
import type { ArmBuild, CampaignState, Kernel, PlannedScenario } from '../model/index.ts';

/**
 * By scenario what it needs and this kernel, or this computer, has not, as a sentence; only scenarios that lack something.
 * `devices` is where the computer's devices are.
 */
export async function findUnmetNeeds(
  scenarios: readonly PlannedScenario[],
  kernel: Pick<Kernel, 'modules'>,
  devices?: DevicePlaces,
): Promise<Readonly<Record<string, string>>> {
  const needing = scenarios.filter((one) => one.needs !== undefined);
  if (needing.length === 0) return {};
  const files = await readdir(kernel.modules, { recursive: true }).catch(() => []);
  const modules = new Set(
    files.filter((file) => file.endsWith('.ko')).map((file) => nameOf(basename(file, '.ko'))),
  );
  const unmet: [string, string][] = [];
  for (const { name, needs, machine } of needing) {
    const lacking = (needs?.modules ?? []).filter((module) => !modules.has(nameOf(module)));
    const { problem } = needs?.pci
      ? await findPciDevice(needs.pci, machine.memoryMib, devices)
      : { problem: null };
    const reasons = [
      ...(lacking.length > 0 ? [`the kernel has no module ${lacking.join(', ')}`] : []),
      ...(problem === null ? [] : [problem]),
    ];
    if (reasons.length > 0) unmet.push([name, reasons.join('; ')]);
  }
  return Object.fromEntries(unmet);
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
