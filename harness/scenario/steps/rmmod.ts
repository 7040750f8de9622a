// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { quoteArgs } from '../../model/index.ts';
import { checkEnd, quoteOutput } from '../check.ts';
import { duration, milliseconds, moduleName, shorthand, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';

const written = shorthand('module', z.strictObject({ module: moduleName, timeout: duration.default('60s') }));
const settled = z.strictObject({ module: moduleName, timeoutMs: milliseconds });

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Unloads a module. */
export const rmmod = defineStep<Written, Body>({
  kind: 'rmmod',
  description:
    'Unloads a module. It fails at once when the module is in use, and waits while its exit waits.',
  written: () => written,
  settled: () => settled,
  settle: ({ module, timeout }) => ({ module, timeoutMs: toMs(timeout) }),
  describe: (body) => `unload ${body.module}`,
  async perform({ module, timeoutMs }, context) {
    const result = await context.guest.run(quoteArgs(['rmmod', module]), {
      timeoutMs: context.scale(timeoutMs),
      env: context.env,
    });
    return { failures: checkEnd(result, [0], 'rmmod'), details: quoteOutput(result) };
  },
});
