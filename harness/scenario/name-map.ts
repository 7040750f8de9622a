// SPDX-License-Identifier: MIT
import { z } from 'zod';

/**
 * A map whose keys are names that a user chose. Like zod's record, but `__proto__`, which a record drops, is a name like
 * any other. Look such a map up with `Object.hasOwn`: `toString` is a name, too.
 */
export function nameMap<Value>(
  name: z.ZodType<string>,
  value: z.ZodType<Value>,
): z.ZodType<Readonly<Record<string, Value>>> {
  const record = z.record(name, value);
  const { $schema: _, ...jsonSchema } = z.toJSONSchema(record, { target: 'draft-7', io: 'input' });
  return z
    .unknown()
    .meta(jsonSchema)
    .transform((input, context): Record<string, Value> => {
      const entries: [string, Value][] = [];
      const check = <Output>(
        schema: z.ZodType<Output>,
        part: unknown,
        path: string[],
      ): Output | undefined => {
        const checked = schema.safeParse(part, { reportInput: true });
        if (checked.success) return checked.data;
        for (const issue of checked.error.issues)
          context.issues.push({ ...issue, path: [...path, ...issue.path] } as z.core.$ZodRawIssue);
        return undefined;
      };
      check(record, input, []);
      if (context.issues.length > 0) return z.NEVER;
      for (const key of Object.keys(input as object)) {
        const descriptor = Object.getOwnPropertyDescriptor(input, key);
        const checked = check(value, descriptor?.value, [key]);
        if (checked !== undefined) entries.push([key, checked]);
        if (key === '__proto__') check(name, key, []);
      }
      return Object.fromEntries(entries);
    });
}
