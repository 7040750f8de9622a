// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { quoteArgs } from '../../model/index.ts';
import { kernelNameOf } from '../modules.ts';
import { nameMap } from '../name-map.ts';
import { moduleName } from '../scalar.ts';
import type { Failure, StepContext } from '../step.ts';

const COMMAND_MS = 20_000;
/** A reference that a closed file had is given back a little later. */
const SETTLE_MS = 2000;

/** By module: its reference count, or `unloaded`. */
export const moduleCounts = nameMap(
  moduleName,
  z.union([z.int().min(0).max(1_000_000), z.literal('unloaded')]),
);

type Counts = z.output<typeof moduleCounts>;

/** Compares reference counts of modules, as lsmod prints them. */
export async function checkModules(expected: Counts, context: StepContext): Promise<readonly Failure[]> {
  let failures: readonly Failure[] = [];
  await context.poll(async () => {
    failures = await compareOnce(expected, context);
    return failures.length === 0 ? true : null;
  }, context.scale(SETTLE_MS));
  return failures;
}

async function compareOnce(expected: Counts, { guest, scale }: StepContext): Promise<readonly Failure[]> {
  const { stdout } = await guest.run(quoteArgs(['cat', '/proc/modules']), { timeoutMs: scale(COMMAND_MS) });
  const lines = stdout.split('\n').map((line) => line.split(' '));
  return Object.entries(expected).flatMap(([module, wanted]) => {
    const [, , count, users] = lines.find(([name]) => name === kernelNameOf(module)) ?? [];
    const got = count === undefined ? 'unloaded' : Number(count);
    if (got === wanted) return [];
    const details = users && users !== '-' ? [`used by ${users}`] : [];
    return [{ what: `module ${module}`, title: describeMiss(module, got, wanted), details }];
  });
}

type Count = number | 'unloaded';

function describeMiss(module: string, got: Count, wanted: Count): string {
  if (got === 'unloaded')
    return `the module ${module} is not loaded, expected a reference count of ${wanted}`;
  const expected = wanted === 'unloaded' ? 'it not to be loaded' : String(wanted);
  return `got a reference count of ${got} of the module ${module}, expected ${expected}`;
}
