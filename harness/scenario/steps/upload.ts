// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { line } from '../scalar.ts';
import { defineStep } from '../step.ts';

const mode = z.string().regex(/^0[0-7]{3}$/, 'an octal mode of four digits, such as 0755');

const written = z.strictObject({ to: line, content: z.string(), mode: mode.default('0644') });
const settled = z.strictObject({ to: z.string().min(1), content: z.string(), mode });

type Body = z.output<typeof settled>;

/** Writes a file into the guest. */
export const upload = defineStep<Body, Body>({
  kind: 'upload',
  description: 'Writes a file into the guest, with its directories.',
  written: () => written,
  settled: () => settled,
  settle: ({ to, content, mode }) => ({ to, content, mode }),
  describe: (body) => `upload ${body.to}`,
  async perform({ to, content, mode }, context) {
    await context.guest.upload(content, to, mode);
    return { failures: [] };
  },
});
