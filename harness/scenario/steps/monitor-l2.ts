// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { checkEnd, checkText, quoteOutput } from '../check.ts';
import { monitorPathOf } from '../l2.ts';
import { quoteWords } from '../shell.ts';
import { defineStep } from '../step.ts';
import { duration, name, textExpectation } from '../words.ts';

const schema = z.strictObject({
  name: name.default('l2'),
  command: z.string().min(1).meta({ description: "a line of QEMU's human monitor, such as i/w 0xcfc" }),
  answer: textExpectation.optional(),
  timeout: duration.default('20s'),
});

type Body = z.infer<typeof schema>;

/** A line to the monitor of a VM inside the guest. */
export const monitorL2 = defineStep<Body>({
  kind: 'monitorL2',
  description: 'Has a VM inside the guest carry out a line of its monitor and looks at the answer.',
  schema: () => schema,
  describe: (body) => `tell ${body.name}: ${body.command}`,
  jobs: (body) => ({ uses: [body.name] }),
  async perform(body, context) {
    const command = quoteWords(['qemu-monitor', monitorPathOf(body.name), body.command]);
    const result = await context.guest.run(command, {
      timeoutMs: context.scale(body.timeout),
      env: context.env,
    });
    const details = quoteOutput(result);
    const ended = checkEnd(result, [0], 'qemu-monitor');
    const said = checkText(result.stdout, body.answer, 'answer').map((one) => ({ ...one, details }));
    return { failures: ended.length > 0 ? ended : said, details };
  },
});
