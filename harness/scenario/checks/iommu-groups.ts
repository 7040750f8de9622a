// SPDX-License-Identifier: MIT
import type { Failure, StepContext } from '../step.ts';
import { notBuilt, type Probe } from './probe.ts';

const COMMAND_MS = 20_000;
/** A group goes with its last device, which may take a moment. */
const SETTLE_MS = 2000;

/** The numbers of the iommu groups. Fault `SCENARIO_CHECK_NEEDS_OPTION` (scenario) where the kernel has none. */
export async function listIommuGroups({ guest, scale }: Probe): Promise<readonly string[]> {
  const result = await guest.run('ls /sys/kernel/iommu_groups', { timeoutMs: scale(COMMAND_MS) });
  if (result.exitCode !== 0)
    throw notBuilt(
      'the kernel has no iommu groups to check',
      'build it with CONFIG_IOMMU_SUPPORT=y and CONFIG_VFIO=m',
    );
  return result.stdout.split(/\s+/).filter(Boolean);
}

/** Compares the iommu groups with those after the setup. */
export async function checkIommuGroups(context: StepContext): Promise<readonly Failure[]> {
  const before = context.snapshot.iommuGroups;
  if (before === null) throw new TypeError('nothing was noted to compare iommuGroups with');
  let now: readonly string[] = [];
  await context.poll(async () => {
    now = await listIommuGroups(context);
    return now.length === before.length ? true : null;
  }, context.scale(SETTLE_MS));
  if (now.length === before.length) return [];
  const what = now.length > before.length ? 'iommu groups left' : 'iommu groups gone';
  const title = `got ${now.length} iommu groups, expected ${before.length} as after the setup`;
  return [{ what, title, details: [`before: ${before.join(' ')}`, `after: ${now.join(' ')}`] }];
}
