// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { toList } from '../expectation.ts';
import { findVmEnd, quoteConsole, readConsole } from '../l2-end.ts';
import { compilePattern, pattern } from '../pattern.ts';
import { amount, count, duration, milliseconds, name, toMs, toNumber } from '../scalar.ts';
import { defineStep, type Failure, type StepContext, type StepOutcome } from '../step.ts';

const written = z.strictObject({
  name: name.default('l2'),
  matches: z
    .union([pattern, z.array(pattern).min(1)])
    .meta({
      description:
        'a pattern that a line of its console must match, or a list of patterns that must all match a line',
    }),
  more: amount.optional().meta({
    description: 'how many lines must match each pattern after the step began; absent: one, at any time',
  }),
  lacks: pattern.optional().meta({ description: 'a line of its console with which the step fails at once' }),
  timeout: duration.default('60s'),
});

const settled = z.strictObject({
  name,
  matches: z.array(pattern).min(1),
  more: count.nullable(),
  lacks: pattern.nullable(),
  timeoutMs: milliseconds,
});

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Waits for lines on the console of a VM inside the guest. */
export const waitForL2 = defineStep<Written, Body>({
  kind: 'waitForL2',
  description: 'Waits for lines on the console of a VM inside the guest. Fails at once when the VM ends.',
  written: () => written,
  settled: () => settled,
  settle: ({ name, matches, more, lacks, timeout }) => ({
    name,
    matches: toList(matches),
    more: more === undefined ? null : toNumber(more),
    lacks: lacks ?? null,
    timeoutMs: toMs(timeout),
  }),
  describe: (body) => `wait for ${body.name} to print ${toList(body.matches).join(' and ')}`,
  jobs: (body) => ({ uses: [body.name] }),
  perform: waitForLines,
});

async function waitForLines(
  { name, matches, more, lacks, timeoutMs: writtenMs }: Body,
  { jobs, guest, scale, poll }: StepContext,
): Promise<StepOutcome> {
  const job = jobs.get(name);
  const timeoutMs = scale(writtenMs);
  const unwanted = lacks === null ? null : compilePattern(lacks);
  let lines = await readConsole(name, guest, timeoutMs);
  const owed = more ?? 1;
  const waits = matches.map((text) => {
    const wanted = compilePattern(text);
    const count = () => lines.filter((line) => wanted.test(line)).length;
    const before = more === null ? 0 : count();
    return { text, came: () => count() - before };
  });
  const details = () => quoteConsole(lines);

  // One signature for both: a VM that lost its device may say so, or say nothing more.
  const answer = await poll<Failure | 'seen'>(async () => {
    // In this order: a VM that ended has printed all that it will.
    const end = await findVmEnd(job, guest, timeoutMs);
    lines = await readConsole(name, guest, timeoutMs);
    const bad = lines.find((line) => unwanted?.test(line));
    if (bad !== undefined) {
      const title = `its console has "${bad}", which matches /${lacks}/`;
      return { what: 'console', title, details: details() };
    }
    return waits.every((one) => one.came() >= owed) ? 'seen' : end;
  }, timeoutMs);

  if (answer === 'seen') return { failures: [], details: details() };
  if (answer !== null) return { failures: [answer], details: answer.details ?? [] };
  const seconds = Math.round(timeoutMs / 1000);
  const title = waits
    .filter((one) => one.came() < owed)
    .map(
      ({ text, came }) => `${came()} of ${owed} lines of its console matched /${text}/ within ${seconds} s`,
    )
    .join('; ');
  return { failures: [{ what: 'console', title, details: details() }], details: details() };
}
