// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { quoteWords } from './shell.ts';
import { amount } from './words.ts';

/** What to write where: one value, several, or so many different UUIDs. */
export const writeTarget = {
  to: z.string().min(1).meta({ description: 'a file in the guest' }),
  value: z.union([z.string(), z.number()]).optional().meta({ description: 'the one value to write' }),
  values: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .optional()
    .meta({ description: 'values to write, each with an open of its own' }),
  uuids: amount
    .optional()
    .meta({ description: 'so many different UUIDs, the same ones each time, or fewer when the file goes' }),
  gate: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'open the file first, and write when this file appears' }),
};

const target = z.strictObject(writeTarget);
export type WriteTarget = z.infer<typeof target>;

/** Whether exactly one of the ways to give values is used. */
export function hasOneSource(body: Pick<WriteTarget, 'value' | 'values' | 'uuids'>): boolean {
  return [body.value, body.values, body.uuids].filter((one) => one !== undefined).length === 1;
}

/** How many answers a target's writer owes us at least. Of UUIDs it leaves the rest when the file is gone. */
export function countAnswers(body: WriteTarget): number {
  return body.values?.length ?? 1;
}

/** The command line of our writer, which tells the errno of each write. */
export function writerCommand(body: WriteTarget): string {
  const gate = body.gate === undefined ? [] : ['-g', body.gate];
  const uuids = body.uuids === undefined ? [] : ['-u', String(body.uuids)];
  const values = body.value === undefined ? (body.values ?? []) : [body.value];
  return `exec ${quoteWords(['errno-write', ...gate, ...uuids, '--', body.to, ...values.map(String)])}`;
}
