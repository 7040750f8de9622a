// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { quoteArgs } from '../../model/index.ts';
import { checkEnd, checkText, quoteOutput } from '../check.ts';
import { settleOptionalText, textExpectation, writtenText } from '../expectation.ts';
import { monitorPathOf } from '../l2.ts';
import { findVmEnd } from '../l2-end.ts';
import { duration, line, milliseconds, name, toMs } from '../scalar.ts';
import { defineStep } from '../step.ts';

const written = z.strictObject({
  name: name.default('l2'),
  command: line.meta({ description: "a line of QEMU's human monitor, such as i/w 0xcfc" }),
  answer: writtenText.optional(),
  timeout: duration.default('20s'),
});

const settled = z.strictObject({
  name,
  command: z.string().min(1),
  answer: textExpectation.nullable(),
  timeoutMs: milliseconds,
});

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Sends a line to the monitor of a VM inside the guest. */
export const monitorL2 = defineStep<Written, Body>({
  kind: 'monitorL2',
  description: 'Sends a line to the QEMU monitor of a VM inside the guest and checks the answer.',
  written: () => written,
  settled: () => settled,
  settle: ({ name, command, answer, timeout }) => ({
    name,
    command,
    answer: settleOptionalText(answer),
    timeoutMs: toMs(timeout),
  }),
  describe: (body) => `monitor ${body.name}: ${body.command}`,
  jobs: (body) => ({ uses: [body.name] }),
  async perform({ name, command, answer, timeoutMs: writtenMs }, context) {
    const job = context.jobs.get(name);
    const timeoutMs = context.scale(writtenMs);
    const result = await context.guest.run(quoteArgs(['qemu-monitor', monitorPathOf(name), command]), {
      timeoutMs,
      env: context.env,
    });
    const details = quoteOutput(result);
    // Without a QEMU nobody answers.
    const gone = result.exitCode === 0 ? null : await findVmEnd(job, context.guest, timeoutMs);
    if (gone) return { failures: [gone], details };
    const ended = checkEnd(result, [0], 'qemu-monitor');
    const answered = checkText(result.stdout, answer, 'answer').map((one) => ({ ...one, details }));
    return { failures: ended.length > 0 ? ended : answered, details };
  },
});
