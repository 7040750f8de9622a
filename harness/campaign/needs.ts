// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ArmBuild, CampaignState, Kernel, PlannedScenario } from '../model/index.ts';

/** Where Linux has the PCI devices of this computer. */
const PCI_DEVICES = '/sys/bus/pci/devices';

/**
 * By scenario what it needs and this kernel, or this computer, has not, as a sentence; only scenarios that lack something.
 * `pciDevices` is where the computer's PCI devices are.
 */
export async function findUnmetNeeds(
  scenarios: readonly PlannedScenario[],
  kernel: Pick<Kernel, 'modules'>,
  pciDevices: string = PCI_DEVICES,
): Promise<Readonly<Record<string, string>>> {
  const needing = scenarios.filter((one) => one.needs !== undefined);
  if (needing.length === 0) return {};
  const files = await readdir(kernel.modules, { recursive: true }).catch(() => []);
  const modules = new Set(
    files.filter((file) => file.endsWith('.ko')).map((file) => nameOf(basename(file, '.ko'))),
  );
  const unmet: [string, string][] = [];
  for (const { name, needs } of needing) {
    const lacking = (needs?.modules ?? []).filter((module) => !modules.has(nameOf(module)));
    const reasons = [
      ...(lacking.length > 0 ? [`the kernel has no module ${lacking.join(', ')}`] : []),
      ...(needs?.pci ? [await describeDevice(needs.pci, pciDevices)] : []),
    ];
    if (reasons.length > 0) unmet.push([name, reasons.join('; ')]);
  }
  return Object.fromEntries(unmet);
}

/** The kernel's name of a module: its file may have dashes for underscores. */
function nameOf(module: string): string {
  return module.replaceAll('-', '_');
}

/** Why no machine has a PCI device of this computer: it is not there, or ktrial, which hands none on, has to leave it. */
async function describeDevice(wanted: string, directory: string): Promise<string> {
  for (const address of await readdir(directory).catch(() => [])) {
    const read = async (file: string) =>
      (await readFile(join(directory, address, file), 'utf8').catch(() => '')).trim().replace(/^0x/, '');
    const id = `${await read('vendor')}:${await read('device')}`;
    if (id === wanted || (wanted.endsWith(':*') && id.startsWith(wanted.slice(0, -1))))
      return `this computer has the PCI device ${id} (${address}), but ktrial's machines get no device of the computer`;
  }
  return `this computer has no PCI device ${wanted}`;
}

/** The modules of ktrial's own that guests of the plan's scenarios need, without those of scenarios that are skipped. */
export function plannedGuestModules(
  { plan }: Pick<CampaignState, 'plan'>,
  unmet: ArmBuild['unmet'] = {},
): readonly string[] {
  const scenarios = plan.scenarios.filter((one) => !Object.hasOwn(unmet, one.name));
  return [...new Set(scenarios.flatMap((one) => one.guestModules ?? []))];
}
