// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { defineStep } from '../step.ts';

const schema = z.strictObject({
  to: z.string().min(1),
  content: z.string(),
  mode: z
    .string()
    .regex(/^0[0-7]{3}$/, 'this must be an octal mode in quotes, such as "0755"')
    .default('0644'),
});

/** A file that the scenario brings along. */
export const upload = defineStep<z.infer<typeof schema>>({
  kind: 'upload',
  description: 'Writes a file into the guest, with its directories.',
  schema: () => schema,
  describe: (body) => `upload ${body.to}`,
  async perform(body, context) {
    await context.guest.upload(body.content, body.to, body.mode);
    return { failures: [] };
  },
});
