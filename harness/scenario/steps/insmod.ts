// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { Fault } from '../../model/index.ts';
import { checkEnd, quoteOutput } from '../check.ts';
import { quoteWord, quoteWords } from '../shell.ts';
import { defineStep } from '../step.ts';
import { duration } from '../words.ts';

/** Where the overlay has the modules of the kernel under test, all in one directory. */
export const MODULE_DIRECTORY = '/overlay/modules';

const module = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/, 'this must be the name of a module, without directory and without .ko');

const full = z.strictObject({
  module,
  args: z.string().default('').meta({ description: 'the module parameters, as insmod takes them' }),
  timeout: duration.default('60s'),
});

/** The name of a module, or it with its parameters. */
export const insmodBody = z.union([module, full]);

type Body = z.infer<typeof insmodBody>;

/** A module of the kernel under test, loaded. */
export const insmod = defineStep<Body>({
  kind: 'insmod',
  description: 'Loads a module of the kernel under test.',
  schema: () => insmodBody,
  describe: (body) => `load ${typeof body === 'string' ? body : body.module}`,
  async perform(body, context) {
    const { module: name, args, timeout } = typeof body === 'string' ? full.parse({ module: body }) : body;
    const path = `${MODULE_DIRECTORY}/${name}.ko`;
    // 66 is ours: without it, a module that was never built would look like one that refuses to be loaded.
    const command = `[ -f ${quoteWord(path)} ] || exit 66; exec ${quoteWords(['insmod', path])} ${args}`;
    const result = await context.guest.run(command, {
      timeoutMs: context.scale(timeout),
      env: context.env,
    });
    if (result.exitCode === 66)
      throw new Fault({
        blame: 'scenario',
        code: 'SCENARIO_NO_MODULE',
        message: `the kernel under test was built without the module ${name}`,
        next: 'add the option that builds it to the kernel definition',
      });
    return { failures: checkEnd(result, [0], 'insmod'), details: quoteOutput(result) };
  },
});
