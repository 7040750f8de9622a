// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { quoteWords } from './shell.ts';
import { amount, toNumber } from './words.ts';

/** What to write where: one value, several, or so many different UUIDs. */
export const writeTarget = {
  to: z.string().min(1).meta({ description: 'a file in the guest' }),
  value: z.union([z.string(), z.number()]).optional().meta({ description: 'the one value to write' }),
  values: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .optional()
    .meta({ description: 'values to write, each with an open of its own' }),
  uuids: amount.optional().meta({ description: 'so many different UUIDs, the same ones each time' }),
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

/** The values that a target writes. */
export function listValues(body: WriteTarget): readonly string[] {
  if (body.uuids !== undefined)
    return Array.from({ length: toNumber(body.uuids) }, (_, index) => uuidOf(index + 1));
  return (body.values ?? [body.value as string | number]).map(String);
}

/** The command line of our writer, which tells the errno of each write. */
export function writerCommand(body: WriteTarget): string {
  const gate = body.gate === undefined ? [] : ['-g', body.gate];
  return `exec ${quoteWords(['errno-write', ...gate, '--', body.to, ...listValues(body)])}`;
}

function uuidOf(index: number): string {
  return `5d1c0a70-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
}
