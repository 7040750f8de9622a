// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import type { DiagnosticCode } from './diagnostic.ts';
import { describeBound, describeType, describeValue, showName } from './phrase.ts';
import { listKeys } from './shape.ts';
import { describeUnion } from './union.ts';

/** Where in a document: keys of maps and indices of lists, from the root. */
export type DocumentPath = readonly (string | number)[];

/** A schema's complaint in our words, still without its place in the text. */
export interface IssueNote {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly path: DocumentPath;
  readonly part: 'key' | 'value';
  /** A name that may be misspelt, and those that it may have been meant to be. */
  readonly guess: { readonly written: string; readonly names: readonly string[] } | null;
}

/**
 * Translates an issue of the schema library into notes: one for each unknown key, and those of the branch that was
 * meant in a union. A refinement becomes a `CONTRADICTION`, or with `params: {code}` what it says.
 */
export function describeIssue(issue: z.core.$ZodIssue, schema: z.core.$ZodType): readonly IssueNote[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const note = (
    code: DiagnosticCode,
    message: string,
    names: readonly string[] = [],
  ): readonly IssueNote[] => {
    const guess =
      typeof issue.input === 'string' && names.length > 0 ? { written: issue.input, names } : null;
    return [{ code, message, path, part: 'value', guess }];
  };
  const got = `got ${describeValue(issue.input)}`;
  const isMissing = issue.input === undefined && path.length > 0;
  const missing = () => note('MISSING_KEY', `the key ${showName(String(path.at(-1)))} is missing`);
  switch (issue.code) {
    case 'unrecognized_keys':
      return describeUnknownKeys(issue.keys, issue.input, path, schema);
    case 'invalid_type':
      if (isMissing) return missing();
      return note('WRONG_TYPE', `${got}, expected ${ownWords(issue) ?? describeType(issue.expected)}`);
    case 'invalid_value': {
      if (isMissing) return missing();
      const words = issue.values.map(String);
      return note(
        'WRONG_VALUE',
        `${got}, expected ${words.length > 1 ? 'one of ' : ''}${words.join(', ')}`,
        words,
      );
    }
    case 'too_big':
    case 'too_small':
      return note('OUT_OF_RANGE', `${got}, expected ${ownWords(issue) ?? describeBound(issue)}`);
    case 'invalid_format':
      return note(
        'WRONG_FORM',
        `${got}, expected ${ownWords(issue) ?? `the form ${issue.pattern ?? issue.format}`}`,
      );
    case 'invalid_union': {
      if (isMissing) return missing();
      const meant = describeUnion(issue);
      if ('issues' in meant)
        return meant.issues.flatMap((inner) => describeIssue(withPath(inner, issue.path), schema));
      if ('unknown' in meant) return describeUnknownKeys(meant.unknown, issue.input, path, schema);
      return note(meant.code, meant.message, meant.words);
    }
    case 'invalid_key':
      return issue.issues
        .flatMap((inner) => describeIssue({ ...inner, path } as z.core.$ZodIssue, schema))
        .map((one) => ({ ...one, part: 'key' as const }));
    case 'custom':
      return note((issue.params?.code as DiagnosticCode | undefined) ?? 'CONTRADICTION', issue.message);
    default:
      return note('WRONG_VALUE', issue.message);
  }
}

/** The message that a schema sets itself, as the object of "expected"; null for the library's own. */
function ownWords(issue: z.core.$ZodIssue): string | null {
  if (/^(?:Invalid|Too (?:big|small))/.test(issue.message)) return null;
  return issue.message.replace(/^(?:this )?must be /, '');
}

function withPath(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): z.core.$ZodIssue {
  return { ...issue, path: [...above, ...issue.path] };
}

function describeUnknownKeys(
  keys: readonly string[],
  map: unknown,
  path: DocumentPath,
  schema: z.core.$ZodType,
): readonly IssueNote[] {
  const names = listKeys(schema, path);
  // A key is often written one level too far out: `timeout` beside `run` instead of in it.
  const beside = typeof map === 'object' && map !== null ? Object.keys(map) : [];
  const inside = beside
    .filter((name) => names.includes(name))
    .map((name) => ({ name, keys: listKeys(schema, [...path, name]) }));
  return keys.map((key) => {
    const owner = inside.find((one) => one.keys.includes(key));
    const hint = owner ? `: it belongs inside ${owner.name}` : '';
    return {
      code: 'UNKNOWN_KEY',
      message: `unknown key ${showName(key)}${hint}`,
      path: [...path, key],
      part: 'key',
      guess: owner ? null : { written: key, names },
    };
  });
}
