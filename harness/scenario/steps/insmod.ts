// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { Fault, type Guest, quoteArg, quoteArgs } from '../../model/index.ts';
import { checkEnd, quoteOutput } from '../check.ts';
import { kernelNameOf, MODULE_DIRECTORY, readModuleState } from '../modules.ts';
import { duration, lineOrNothing, milliseconds, moduleName, shorthand, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';

/** A module's name, or a map with its parameters. */
export const writtenInsmod = shorthand(
  'module',
  z.strictObject({
    module: moduleName,
    args: lineOrNothing.default('').meta({ description: 'the module parameters, as insmod takes them' }),
    timeout: duration.default('60s'),
  }),
);

/** The settled form of `writtenInsmod`. */
export const settledInsmod = z.strictObject({
  module: moduleName,
  args: z.string(),
  timeoutMs: milliseconds,
});

type Written = z.output<typeof writtenInsmod>;
type InsmodBody = z.output<typeof settledInsmod>;

/** Settles one module to load. */
export function settleInsmod({ module, args, timeout }: Written): InsmodBody {
  return { module, args, timeoutMs: toMs(timeout) };
}

/** Loads a module of the kernel under test. */
export const insmod = defineStep<Written, InsmodBody>({
  kind: 'insmod',
  description: 'Loads exactly this module of the kernel under test, without what it depends on.',
  written: () => writtenInsmod,
  settled: () => settledInsmod,
  settle: settleInsmod,
  describe: (body) => `load ${body.module}`,
  async perform({ module, args, timeoutMs }, context) {
    const path = `${MODULE_DIRECTORY}/${module}.ko`;
    // 66 is ours: without it, a module that was never built would look like one that refuses to be loaded.
    const command = `[ -f ${quoteArg(path)} ] || exit 66; exec ${quoteArgs(['insmod', path])} ${args}`;
    const result = await context.guest.run(command, {
      timeoutMs: context.scale(timeoutMs),
      env: context.env,
    });
    if (result.exitCode === 66)
      throw new Fault({
        blame: 'scenario',
        code: 'SCENARIO_NO_MODULE',
        message: `the kernel under test was built without the module ${module}`,
        next: 'add the option that builds it to the kernel definition',
      });
    if (/unknown symbol/i.test(result.stderr))
      await refuseUnknownSymbols(module, context.guest, context.scale(LOOK_MS), quoteOutput(result));
    return { failures: checkEnd(result, [0], 'insmod'), details: quoteOutput(result) };
  },
});

const LOOK_MS = 10_000;
const SYMBOLS_NAMED = 3;

/**
 * Rejects with Fault `SCENARIO_UNKNOWN_SYMBOL` (scenario) when the kernel log says that it refused a module for symbols
 * that nothing exports: a forgotten dependency is the scenario's mistake.
 */
async function refuseUnknownSymbols(
  module: string,
  guest: Guest,
  timeoutMs: number,
  details: readonly string[],
): Promise<void> {
  const log = await guest.run("dmesg | grep 'Unknown symbol'", { timeoutMs });
  const refused = [...log.stdout.matchAll(/(\S+): Unknown symbol (\S+)/g)];
  const symbols = refused.filter(([, name]) => name === kernelNameOf(module)).map(([, , symbol]) => symbol);
  if (symbols.length === 0) return;
  const { dependencies, loaded } = await readModuleState(guest, timeoutMs);
  const needed = dependencies.get(kernelNameOf(module)) ?? [];
  const missing = needed.filter((name) => !loaded.has(kernelNameOf(name)));
  const names = [...new Set(symbols)];
  const more = names.length > SYMBOLS_NAMED ? ` and ${names.length - SYMBOLS_NAMED} more` : '';
  const needs = missing.length > 0 ? `${missing.join(', ')}, not loaded` : 'a module that is not loaded';
  throw new Fault({
    blame: 'scenario',
    code: 'SCENARIO_UNKNOWN_SYMBOL',
    message: `the module ${module} needs ${needs}: unknown symbol ${names.slice(0, SYMBOLS_NAMED).join(', ')}${more}`,
    details,
    next:
      missing.length > 0
        ? `load ${missing.join(', ')} before it, or name ${module} under modules:, which loads what a module depends on`
        : 'load the module that exports the symbol before it',
  });
}
