// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { Fault, quoteArg, quoteArgs } from '../../model/index.ts';
import { checkEnd, quoteOutput } from '../check.ts';
import { duration, milliseconds, moduleName, shorthand, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';

/** Where the overlay has the modules of the kernel under test, all in one directory. */
export const MODULE_DIRECTORY = '/overlay/modules';

/** A module's name, or a map with its parameters. */
export const writtenInsmod = shorthand(
  'module',
  z.strictObject({
    module: moduleName,
    args: z.string().default('').meta({ description: 'the module parameters, as insmod takes them' }),
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
export type InsmodBody = z.output<typeof settledInsmod>;

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
    return { failures: checkEnd(result, [0], 'insmod'), details: quoteOutput(result) };
  },
});
