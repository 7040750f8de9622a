// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { GuestResult } from '../../model/index.ts';
import { checkEnd, checkText, quoteOutput } from '../check.ts';
import { defineStep, type Failure } from '../step.ts';
import { duration, textExpectation } from '../words.ts';

const schema = z.strictObject({
  command: z.string().min(1),
  stdout: textExpectation.optional(),
  timeout: duration.default('30s').meta({ description: 'for all tries together' }),
});

type Body = z.infer<typeof schema>;

/** A state of the guest that a command can see. */
export const waitForState = defineStep<Body>({
  kind: 'waitForState',
  description: 'Runs a shell command again and again until it succeeds and its output is as expected.',
  schema: () => schema,
  describe: (body) => `wait until ${body.command.split('\n')[0]}`,
  async perform(body, context) {
    const timeoutMs = context.scale(body.timeout);
    let last: GuestResult | null = null;
    let failures: Failure[] = [];
    await context.poll(async () => {
      last = await context.guest.run(body.command, { timeoutMs, env: context.env });
      failures = [...checkEnd(last, [0], body.command), ...checkText(last.stdout, body.stdout, 'stdout')];
      return failures.length === 0 ? true : null;
    }, timeoutMs);
    const details = last === null ? [] : quoteOutput(last);
    if (failures.length === 0) return { failures, details };
    const reasons = failures.map((one) => `last time: ${one.title}`);
    return {
      failures: [{ what: 'state', title: 'the state did not come', details: [...reasons, ...details] }],
      details,
    };
  },
});
