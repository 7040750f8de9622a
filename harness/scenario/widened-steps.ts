// SPDX-License-Identifier: MIT
import type { SettledScenario } from './settled.ts';
import type { SettledStep } from './step.ts';

/** Whether any step of a scenario delays the kernel, inner steps too: such a scenario needs controls that are not widened. */
export function hasWiden({ setup, steps, cleanup }: SettledScenario): boolean {
  return [...setup, ...steps, ...cleanup].some(widens);
}

function widens(step: SettledStep): boolean {
  return step.kind === 'widen' || hasInner(step.body);
}

/** Steps inside the body of a step, wherever it has them. */
function hasInner(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(hasInner);
  const { kind, body } = value as Partial<SettledStep>;
  if (typeof kind === 'string' && body !== undefined) return widens(value as SettledStep);
  return Object.values(value).some(hasInner);
}
