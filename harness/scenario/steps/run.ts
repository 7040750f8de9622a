// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { checkEnd, checkText, quoteOutput } from '../check.ts';
import { defineStep } from '../step.ts';
import { duration, textExpectation } from '../words.ts';

const full = z.strictObject({
  command: z.string().min(1),
  timeout: duration.default('60s'),
  exit: z
    .union([z.int().min(0).max(255), z.array(z.int().min(0).max(255)).min(1), z.literal('any')])
    .default(0)
    .meta({ description: 'the exit codes that are right' }),
  stdout: textExpectation.optional(),
  stderr: textExpectation.optional(),
});

type Body = string | z.infer<typeof full>;

/** A shell command that ends. */
export const run = defineStep<Body>({
  kind: 'run',
  description: 'Runs a shell command in the guest and looks at its exit code and output.',
  schema: () => z.union([z.string().min(1), full]),
  describe: (body) => `run ${(typeof body === 'string' ? body : body.command).split('\n')[0]}`,
  async perform(body, context) {
    const { command, timeout, exit, stdout, stderr } =
      typeof body === 'string' ? full.parse({ command: body }) : body;
    const result = await context.guest.run(command, {
      timeoutMs: context.scale(timeout),
      env: context.env,
    });
    const ended = checkEnd(result, exit === 'any' ? 'any' : [exit].flat(), command);
    const details = quoteOutput(result);
    const said = [
      ...checkText(result.stdout, stdout, 'stdout'),
      ...checkText(result.stderr, stderr, 'stderr'),
    ];
    return { failures: ended.length > 0 ? ended : said.map((one) => ({ ...one, details })), details };
  },
});
