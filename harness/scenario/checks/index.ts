// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { NO_SNAPSHOT, type Snapshot } from '../snapshot.ts';
import type { Failure, StepContext } from '../step.ts';
import { checkBlockedTasks } from './blocked-tasks.ts';
import { checkIommuGroups, listIommuGroups } from './iommu-groups.ts';
import { allowedLeaks, checkKmemleak, forgetLeaks } from './kmemleak.ts';
import { checkModules, moduleCounts } from './modules.ts';
import type { Probe } from './probe.ts';

/** Keys of checks, as they are written and settled. */
export const writtenChecks = {
  modules: moduleCounts.optional().meta({
    description: 'by module its reference count as lsmod prints it, or unloaded',
  }),
  iommuGroups: z
    .literal('unchanged')
    .optional()
    .meta({ description: 'there are as many as after the setup' }),
  kmemleak: z
    .union([z.literal('none'), z.strictObject({ allow: allowedLeaks })])
    .optional()
    .meta({ description: 'no memory has leaked since the setup; takes some ten seconds' }),
  blockedTasks: z.literal('none').optional().meta({ description: 'no task stays in state D' }),
};

const KEYS = ['modules', 'iommuGroups', 'kmemleak', 'blockedTasks'] as const;

/** The settled form of checks. */
export const settledChecks = z.strictObject(writtenChecks);

export type Checks = z.output<typeof settledChecks>;

/** The checks among other keys. */
export function pickChecks(keys: Checks): Checks {
  return Object.fromEntries(KEYS.filter((key) => keys[key] !== undefined).map((key) => [key, keys[key]]));
}

/** Each check by itself. */
export function splitChecks(checks: Checks = {}): readonly Checks[] {
  return KEYS.filter((key) => checks[key] !== undefined).map((key) => ({ [key]: checks[key] }));
}

/** Performs checks, one after the other. Faults (scenario): the kernel lacks what one needs. */
export async function performChecks(checks: Checks, context: StepContext): Promise<readonly Failure[]> {
  const { modules, iommuGroups, kmemleak, blockedTasks } = checks;
  return [
    ...(modules ? await checkModules(modules, context) : []),
    ...(iommuGroups ? await checkIommuGroups(context) : []),
    ...(blockedTasks ? await checkBlockedTasks(context) : []),
    // It takes longest, and what has come to an end by then has given back its memory.
    ...(kmemleak ? await checkKmemleak(kmemleak === 'none' ? {} : kmemleak.allow, context) : []),
  ];
}

/**
 * Notes what the checks of a scenario, wherever they are in it, will compare with. `settled` is its JSON. Faults
 * (scenario): the kernel lacks what one needs.
 */
export async function takeSnapshot(settled: unknown, probe: Probe): Promise<Snapshot> {
  const keys = new Set(findChecks(settled));
  if (keys.size === 0) return NO_SNAPSHOT;
  const iommuGroups = keys.has('iommuGroups') ? await listIommuGroups(probe) : null;
  if (keys.has('kmemleak')) await forgetLeaks(probe);
  return { iommuGroups, kmemleak: keys.has('kmemleak') };
}

/** The keys of every check: a step with the kind `check`, or `checks` of the expectations. */
function* findChecks(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  const { kind, body, checks } = value as Readonly<Record<string, unknown>>;
  if (kind === 'check') yield* Object.keys(body as object);
  if (typeof checks === 'object' && checks !== null) yield* Object.keys(checks);
  for (const one of Object.values(value)) yield* findChecks(one);
}
