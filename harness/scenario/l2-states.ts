// SPDX-License-Identifier: MIT
import { type L2Shape, l2StateNames } from '../model/index.ts';
import { canResume, type L2Options } from './l2.ts';
import type { SettledScenario } from './settled.ts';

/** The saved states that a scenario's VMs may resume from, without duplicates: the name under `l2`, and the VM's shape. */
export function listL2States(settled: SettledScenario): readonly (L2Shape & { readonly l2: string })[] {
  const states = new Map<string, L2Shape & { readonly l2: string }>();
  for (const vm of findVms([settled.setup, settled.steps, settled.cleanup])) {
    const { l2, memoryMib, acpi } = vm;
    if (canResume(vm)) states.set(`${l2}/${l2StateNames(vm).state}`, { l2, memoryMib, acpi });
  }
  return [...states.values()];
}

/** The bodies of all `startL2` steps, nested ones included. */
function findVms(value: unknown): L2Options[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('kind' in value && value.kind === 'startL2' && 'body' in value) return [value.body as L2Options];
  return Object.values(value).flatMap(findVms);
}
