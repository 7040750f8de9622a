// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import type { DiagnosticCode } from './diagnostic.ts';
import { describeBound, describeType, describeValue } from './phrase.ts';
import { listKeys } from './shape.ts';
import { suggestName } from './suggest.ts';

/** Where in a document: keys of maps and indices of lists, from the root. */
export type DocumentPath = readonly (string | number)[];

/** A schema's complaint in our words, still without its place in the text. */
export interface IssueNote {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly path: DocumentPath;
  readonly part: 'key' | 'value';
  readonly suggestion: string | null;
}

/**
 * Translates an issue of the schema library into notes: one for each unknown key, and those of the branch that was
 * meant in a union. A refinement becomes a `CONTRADICTION`, or with `params: {code: 'WRONG_FORM'}` a `WRONG_FORM`.
 */
export function describeIssue(issue: z.core.$ZodIssue, schema: z.core.$ZodType): readonly IssueNote[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const note = (code: DiagnosticCode, message: string, words: readonly string[] = []) => {
    const suggestion = typeof issue.input === 'string' ? suggestName(issue.input, words) : null;
    return [{ code, message, path, part: 'value' as const, suggestion }];
  };
  const got = `got ${describeValue(issue.input)}`;
  const isMissing = issue.input === undefined && path.length > 0;
  const missing = () => note('MISSING_KEY', `the key "${path.at(-1)}" is missing`);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        code: 'UNKNOWN_KEY',
        message: `unknown key "${key}"`,
        path: [...path, key],
        part: 'key',
        suggestion: suggestName(key, listKeys(schema, path)),
      }));
    case 'invalid_type':
      if (isMissing) return missing();
      return note('WRONG_TYPE', ownMessage(issue) ?? `${got}, expected ${describeType(issue.expected)}`);
    case 'invalid_value': {
      if (isMissing) return missing();
      const words = issue.values.map(String);
      return note('WRONG_VALUE', `${got}, expected one of ${words.join(', ')}`, words);
    }
    case 'too_big':
    case 'too_small':
      return note('OUT_OF_RANGE', `${got}, expected ${describeBound(issue)}`);
    case 'invalid_format':
      return note(
        'WRONG_FORM',
        ownMessage(issue) ?? `${got}, expected the form ${issue.pattern ?? issue.format}`,
      );
    case 'invalid_union': {
      if (isMissing) return missing();
      const meant = findMeantBranch(issue);
      if (meant) return meant.flatMap((inner) => describeIssue(withPath(inner, issue.path), schema));
      const { code, expected, words } = describeBranches(issue);
      return note(code, `${got}, expected ${expected}`, words);
    }
    case 'invalid_key':
      return issue.issues
        .flatMap((inner) => describeIssue({ ...inner, path } as z.core.$ZodIssue, schema))
        .map((one) => ({ ...one, part: 'key' as const }));
    case 'custom':
      return note(issue.params?.code === 'WRONG_FORM' ? 'WRONG_FORM' : 'CONTRADICTION', issue.message);
    default:
      return note('WRONG_VALUE', issue.message);
  }
}

/** The message that a schema sets itself, or null for the library's own. */
function ownMessage(issue: z.core.$ZodIssue): string | null {
  return /^Invalid (?:input|string)/.test(issue.message) ? null : issue.message;
}

function withPath(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): z.core.$ZodIssue {
  return { ...issue, path: [...above, ...issue.path] };
}

/** The branch of a union that was meant: the only one whose type fits, or else the one that fits deepest. */
function findMeantBranch(issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | null {
  const fitting = listFitting(issue);
  const [deepest] = fitting.toSorted((a, b) => depthOf(b) - depthOf(a));
  return deepest && (fitting.length === 1 || depthOf(deepest) > 0) ? deepest : null;
}

function listFitting(issue: z.core.$ZodIssueInvalidUnion) {
  return issue.errors.filter(
    (branch) =>
      branch.length > 0 && !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0),
  );
}

function depthOf(branch: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...branch.map((inner) => inner.path.length));
}

/** What all branches of a union expect. */
function describeBranches(issue: z.core.$ZodIssueInvalidUnion) {
  const expected = issue.errors.flatMap((branch) => branch.slice(0, 1).map(describeExpected));
  const words = issue.errors
    .flat()
    .flatMap((one) => (one.code === 'invalid_value' ? one.values.map(String) : []));
  const code: DiagnosticCode = listFitting(issue).length > 0 ? 'WRONG_VALUE' : 'WRONG_TYPE';
  return { code, expected: [...new Set(expected)].join(', or '), words };
}

function describeExpected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return describeType(issue.expected);
  if (issue.code === 'invalid_value') return issue.values.map(String).join(', or ');
  if (issue.code === 'too_big' || issue.code === 'too_small') return describeBound(issue);
  return issue.message.replace(/^this must be /, '');
}
