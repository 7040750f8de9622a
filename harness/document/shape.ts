// SPDX-License-Identifier: MIT
import type { z } from 'zod';

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly items?: readonly z.core.$ZodType[];
  readonly left?: z.core.$ZodType;
  readonly right?: z.core.$ZodType;
  readonly getter?: () => z.core.$ZodType;
}

/** The definitions below a schema's wrappers; several for a union. */
function unwrap(schema: z.core.$ZodType | undefined): readonly Definition[] {
  if (schema === undefined) return [];
  const definition = schema._zod.def as unknown as Definition;
  if (definition.getter) return unwrap(definition.getter());
  if (definition.innerType) return unwrap(definition.innerType);
  if (definition.in) return unwrap(definition.in);
  if (definition.options) return definition.options.flatMap(unwrap);
  if (definition.left) return [...unwrap(definition.left), ...unwrap(definition.right)];
  return [definition];
}

/** The keys that the schema knows for the map at `path`. */
export function listKeys(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  let here = unwrap(schema);
  for (const part of path) {
    here = here.flatMap((definition) => {
      if (definition.shape) return unwrap(definition.shape[String(part)]);
      if (definition.element) return unwrap(definition.element);
      if (definition.items) return unwrap(definition.items[Number(part)]);
      return unwrap(definition.valueType);
    });
  }
  return [...new Set(here.flatMap((definition) => Object.keys(definition.shape ?? {})))];
}
