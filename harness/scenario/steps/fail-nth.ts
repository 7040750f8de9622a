// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { errnoList, toList, writtenErrno } from '../expectation.ts';
import { SYSCALLS, walkFaults } from '../fault-walk.ts';
import { amount, count, duration, line, milliseconds, text, toMs, toNumber } from '../scalar.ts';
import { defineStep } from '../step.ts';

const MOST = 100;

const syscall = z.enum(SYSCALLS);

const written = z
  .strictObject({
    write: z
      .strictObject({ to: line.meta({ description: 'a file in the guest' }), value: text })
      .optional()
      .meta({ description: 'opens a file and writes a value' }),
    program: z
      .array(text)
      .min(1)
      .optional()
      .meta({ description: 'a program and its arguments, executed without a shell' }),
    syscall: syscall.optional().meta({
      description: "the program's first call of it is what allocations are counted in",
    }),
    undo: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'a command after each success: the next one begins where this one did' }),
    leftBehind: z.string().min(1).optional().meta({
      description: 'a command that prints the same before and after, unless something was left behind',
    }),
    most: amount
      .default(MOST)
      .meta({ description: 'the walk fails when this many allocations were not all' }),
    expect: writtenErrno.default('ENOMEM').meta({
      description: 'with which errno it may end when an allocation failed; success: it may do without',
    }),
    timeout: duration.default('30s').meta({ description: 'for each command' }),
  })
  .refine(
    (body) => (body.write === undefined) !== (body.program === undefined),
    'give either write or program',
  )
  .refine(
    (body) => (body.program === undefined) === (body.syscall === undefined),
    'program and syscall belong together: a walk over a whole program would be one over its loader',
  )
  .meta({ oneOf: [{ required: ['write'] }, { required: ['program', 'syscall'] }] });

const settled = z.strictObject({
  operation: z.union([
    z.strictObject({ to: z.string().min(1), value: z.string() }),
    z.strictObject({ program: z.array(z.string()).min(1), syscall }),
  ]),
  undo: z.string().min(1).nullable(),
  leftBehind: z.string().min(1).nullable(),
  most: count,
  expect: errnoList,
  timeoutMs: milliseconds,
});

type Written = z.output<typeof written>;
type Body = z.output<typeof settled>;

/** Performs an operation again and again, and lets the first, the second, … allocation in it fail. */
export const failNth = defineStep<Written, Body>({
  kind: 'failNth',
  description:
    'Performs an operation until it has met the failure of each of its allocations, one at a time; each must end in an expected errno and leave nothing behind.',
  written: () => written,
  settled: () => settled,
  settle: ({ write, program, syscall: call, undo, leftBehind, most, expect, timeout }) => ({
    operation:
      program && call ? { program, syscall: call } : { to: write?.to ?? '', value: write?.value ?? '' },
    undo: undo ?? null,
    leftBehind: leftBehind ?? null,
    most: toNumber(most),
    expect: toList(expect),
    timeoutMs: toMs(timeout),
  }),
  quantities: ({ most }) => [{ limit: 'faults', amount: most, path: ['most'] }],
  describe: ({ write, program }) =>
    `fail each allocation of ${write ? `write to ${write.to}` : program?.join(' ')}`,
  perform: (body, context) => walkFaults(body, context),
});
