// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { checkEnd, quoteOutput } from '../check.ts';
import { quoteWords } from '../shell.ts';
import { defineStep } from '../step.ts';
import { duration } from '../words.ts';

const module = z.string().regex(/^[A-Za-z0-9_-]+$/, 'this must be the name of a module');
const full = z.strictObject({ module, timeout: duration.default('60s') });

type Body = string | z.infer<typeof full>;

/** A module, unloaded. */
export const rmmod = defineStep<Body>({
  kind: 'rmmod',
  description:
    'Unloads a module. A module in use makes it fail at once; a module whose exit waits makes it wait.',
  schema: () => z.union([module, full]),
  describe: (body) => `unload ${typeof body === 'string' ? body : body.module}`,
  async perform(body, context) {
    const { module: name, timeout } = typeof body === 'string' ? full.parse({ module: body }) : body;
    const result = await context.guest.run(quoteWords(['rmmod', name]), {
      timeoutMs: context.scale(timeout),
      env: context.env,
    });
    return { failures: checkEnd(result, [0], 'rmmod'), details: quoteOutput(result) };
  },
});
