// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { quoteArgs } from '../model/index.ts';
import { amount, count, line, text, toNumber } from './scalar.ts';

/** Keys that say what to write where. */
export const writtenTarget = {
  to: line.meta({ description: 'a file in the guest' }),
  value: text.optional().meta({ description: 'the one value to write, as it is written here' }),
  values: z
    .array(text)
    .min(1)
    .optional()
    .meta({ description: 'values to write, the file being opened for each' }),
  uuids: amount.optional().meta({
    description: 'a number of different UUIDs, the same ones each time; it stops when the file is gone',
  }),
  gate: line.optional().meta({ description: 'open the file first, and write when this file appears' }),
};

const SOURCES = ['value', 'values', 'uuids'] as const;

type WrittenTarget = z.output<z.ZodObject<typeof writtenTarget>>;

/** A schema with the keys of `writtenTarget`, refined: exactly one of the ways to give values is used. */
export function withOneSource<Schema extends z.ZodType<WrittenTarget>>(schema: Schema): Schema {
  return schema
    .refine(
      (body) => SOURCES.filter((source) => body[source] !== undefined).length === 1,
      'give exactly one of value, values and uuids',
    )
    .meta({ oneOf: SOURCES.map((source) => ({ required: [source] })) });
}

/** The numbers in the keys that have a bound. */
export function listTargetQuantities({ uuids }: WrittenTarget) {
  return uuids === undefined ? [] : [{ limit: 'uuids', amount: uuids, path: ['uuids'] } as const];
}

/** The settled form of the keys: `values` or `uuids`. */
export const settledTarget = {
  to: z.string().min(1),
  values: z.array(z.string()),
  uuids: count.nullable(),
  gate: z.string().min(1).nullable(),
};

type WriteTarget = z.output<z.ZodObject<typeof settledTarget>>;

/** Settles what to write where. */
export function settleTarget({ to, value, values, uuids, gate }: WrittenTarget): WriteTarget {
  return {
    to,
    values: value === undefined ? [...(values ?? [])] : [value],
    uuids: uuids === undefined ? null : toNumber(uuids),
    gate: gate ?? null,
  };
}

/** How many errnos errno-write reports at least. Of UUIDs it leaves out the rest when the file is gone. */
export function countErrnosOwed({ values }: WriteTarget): number {
  return Math.max(1, values.length);
}

/** The command line of errno-write, the guest's program that reports the errno of each write. */
export function errnoWriteCommand({ to, values, uuids, gate }: WriteTarget): string {
  const options = [...(gate === null ? [] : ['-g', gate]), ...(uuids === null ? [] : ['-u', String(uuids)])];
  return `exec ${quoteArgs(['errno-write', ...options, '--', to, ...values])}`;
}
