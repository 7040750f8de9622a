// SPDX-License-Identifier: MIT
import { parseSelftest } from './kselftest.ts';
import type { SettledScenario } from './settled.ts';
import type { SettledStep } from './step.ts';

/** The kselftest targets that a scenario runs, and so what has to be built of each tree, in order. */
export function listSelftests({ setup, steps, cleanup }: SettledScenario): readonly string[] {
  const targets = [...setup, ...steps, ...cleanup].flatMap(findTargets);
  return [...new Set(targets)].sort();
}

function findTargets({ kind, body }: SettledStep): readonly string[] {
  if (kind === 'kselftest')
    return (body as { tests: readonly string[] }).tests.map((one) => parseSelftest(one).target);
  return findInner(body);
}

/** Steps inside the body of a step, wherever it has them. */
function findInner(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(findInner);
  const { kind, body } = value as Partial<SettledStep>;
  if (typeof kind === 'string' && body !== undefined) return findTargets(value as SettledStep);
  return Object.values(value).flatMap(findInner);
}
