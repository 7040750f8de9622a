// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PROJECT_ROOT } from './root.ts';

type Schema = { [key: string]: unknown };

/** A JSON Schema of `docs/`, as its readers have it, and what is wrong with a value by it. */
export interface PublishedSchema {
  /** Whether a reader who knows only the schema accepts a value. */
  accepts(value: unknown): boolean;
  /** What is wrong with a value, a key that is not described included; empty for nothing. */
  problemsOf(value: unknown): string;
}

/** Reads a schema that the documentation publishes. */
export function readPublishedSchema(name: string): PublishedSchema {
  const published: Schema = JSON.parse(readFileSync(join(PROJECT_ROOT, 'docs', name), 'utf8'));
  const read = (schema: unknown) => z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  const [open, exact] = [read(published), read(tighten(published))];
  return {
    accepts: (value) => open.safeParse(value).success,
    problemsOf(value) {
      const { error } = exact.safeParse(JSON.parse(JSON.stringify(value)));
      return error ? z.prettifyError(error) : '';
    },
  };
}

/** The schema with no room for a key that it does not describe. */
function tighten(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(tighten);
  if (typeof schema !== 'object' || schema === null) return schema;
  const tight: Schema = {};
  for (const [key, value] of Object.entries(schema)) tight[key] = tighten(value);
  return 'properties' in schema && 'required' in schema ? { ...tight, additionalProperties: false } : tight;
}
