// SPDX-License-Identifier: MIT
import { parse } from 'yaml';
import type { z } from 'zod';
import type { Problem } from './compose.ts';
import type { DocumentPath } from './issue.ts';
import { findPlace, type Place } from './place.ts';

/** Where a schema got a text and asks for something that is written without quotes: a number, or true or false. */
export function listAskedFor(issues: readonly z.core.$ZodIssue[], above: DocumentPath = []): DocumentPath[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...(issue.path as (string | number)[])];
    if (issue.code === 'invalid_union') return issue.errors.flatMap((branch) => listAskedFor(branch, path));
    if (issue.code === 'invalid_value')
      return issue.values.some((value) => typeof value === 'number' || typeof value === 'boolean')
        ? [path]
        : [];
    return issue.code === 'invalid_type' && /^(?:number|int|boolean)$/.test(issue.expected) ? [path] : [];
  });
}

/**
 * Replaces the texts at `paths` by the numbers, or true or false, that YAML reads in them. Only what is written without
 * quotes is replaced. Returns what is ambiguous, and whether anything was replaced.
 */
export function replaceTexts(
  value: unknown,
  root: Place,
  paths: readonly DocumentPath[],
): { readonly changed: boolean; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  let changed = false;
  for (const path of paths) {
    const last = path.at(-1);
    const place = findPlace(root, path);
    if (last === undefined || place === null || place.plain === null || place.plain.length > 64) continue;
    const parent = valueAt(value, path.slice(0, -1)) as Record<string | number, unknown> | undefined;
    if (typeof parent !== 'object' || parent === null || typeof ownValue(parent, last) !== 'string') continue;
    const meant = readPlain(place.plain);
    if (typeof meant !== 'number' && typeof meant !== 'boolean') continue;
    if (/^[-+]?0[0-9_]+$/.test(place.plain)) {
      const message = `${place.plain} is ambiguous: YAML reads the number ${meant}, not octal; drop the zero`;
      problems.push({ code: 'YAML_OCTAL', message, range: place.range });
    }
    Object.defineProperty(parent, last, {
      value: meant,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    changed = true;
  }
  return { changed, problems };
}

/** What YAML reads in a text without quotes. Most are whole numbers, for which a parser need not be asked. */
function readPlain(text: string): unknown {
  return /^(?:0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : parse(text, { logLevel: 'silent' });
}

function valueAt(value: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>(
    (part, step) => (typeof part === 'object' && part !== null ? ownValue(part, step) : undefined),
    value,
  );
}

/** A map of a document may have any key: what every object has is not the document's. */
function ownValue(value: object, key: string | number): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
