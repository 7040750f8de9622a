// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import type { DiagnosticCode } from './diagnostic.ts';
import { listKeys } from './shape.ts';
import { suggestName } from './suggest.ts';

/** A schema's complaint in our words, still without its place in the text. */
export interface IssueNote {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly path: readonly (string | number)[];
  readonly part: 'key' | 'value';
  readonly suggestion: string | null;
}

/**
 * The schema library's issue as one or more notes: one for each unknown key, those of the branch that was meant
 * in a union. A refinement is told as `CONTRADICTION`, or with `params: {code: 'WRONG_FORM'}` as that.
 */
export function describeIssue(issue: z.core.$ZodIssue, schema: z.core.$ZodType): readonly IssueNote[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const note = (
    code: DiagnosticCode,
    message: string,
    suggestion: string | null = null,
  ): readonly IssueNote[] => [{ code, message, path, part: 'value', suggestion }];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = listKeys(schema, path);
      return issue.keys.map((key) => ({
        code: 'UNKNOWN_KEY',
        message: `unknown key "${key}"`,
        path: [...path, key],
        part: 'key',
        suggestion: suggestName(key, known),
      }));
    }
    case 'invalid_type': {
      if (issue.input === undefined && path.length > 0)
        return note('MISSING_KEY', `the key "${path.at(-1)}" is missing`);
      return note(
        'WRONG_TYPE',
        issue.message.startsWith('Invalid input')
          ? `this must be ${withArticle(issue.expected)}, not ${describeValue(issue.input)}`
          : issue.message,
      );
    }
    case 'invalid_value': {
      const words = issue.values.map(String);
      if (issue.input === undefined && path.length > 0)
        return note('MISSING_KEY', `the key "${path.at(-1)}" is missing`);
      return note(
        'WRONG_VALUE',
        `${describeValue(issue.input)} is not one of ${words.join(', ')}`,
        typeof issue.input === 'string' ? suggestName(issue.input, words) : null,
      );
    }
    case 'too_big':
    case 'too_small':
      return note('OUT_OF_RANGE', describeBound(issue));
    case 'invalid_format':
      return note(
        'WRONG_FORM',
        issue.message.startsWith('Invalid string')
          ? `${describeValue(issue.input)} is not of the form ${issue.pattern ?? issue.format}`
          : issue.message,
      );
    case 'invalid_union':
      return describeUnion(issue, schema);
    case 'invalid_key':
      return issue.issues.flatMap((inner) =>
        describeIssue({ ...inner, path } as z.core.$ZodIssue, schema).map((one) => ({
          ...one,
          part: 'key' as const,
        })),
      );
    case 'custom':
      return note(issue.params?.code === 'WRONG_FORM' ? 'WRONG_FORM' : 'CONTRADICTION', issue.message);
    default:
      return note('WRONG_VALUE', issue.message);
  }
}

/** Of a union's branches, the one whose type fits what was written is the one that was meant. */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, schema: z.core.$ZodType): readonly IssueNote[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.input === undefined && path.length > 0)
    return [
      {
        code: 'MISSING_KEY',
        message: `the key "${path.at(-1)}" is missing`,
        path,
        part: 'value',
        suggestion: null,
      },
    ];
  const fitting = issue.errors.filter(
    (branch) =>
      branch.length > 0 && !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0),
  );
  const meant = fitting.length === 1 ? fitting[0] : fitting.toSorted((a, b) => depthOf(b) - depthOf(a))[0];
  if (meant && (fitting.length === 1 || depthOf(meant) > 0)) {
    return meant.flatMap((inner) =>
      describeIssue({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, schema),
    );
  }
  const wishes = issue.errors.flatMap((branch) => branch.slice(0, 1).map(describeWish));
  const words = issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : [])),
  );
  return [
    {
      code: wishes.some((wish) => wish === null) || fitting.length > 0 ? 'WRONG_VALUE' : 'WRONG_TYPE',
      message: `this must be ${[...new Set(wishes.filter((wish) => wish !== null))].join(', or ')}, not ${describeValue(issue.input)}`,
      path,
      part: 'value',
      suggestion: typeof issue.input === 'string' ? suggestName(issue.input, words) : null,
    },
  ];
}

function depthOf(branch: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...branch.map((inner) => inner.path.length));
}

function describeWish(issue: z.core.$ZodIssue): string | null {
  if (issue.code === 'invalid_type') return withArticle(issue.expected);
  if (issue.code === 'invalid_value') return issue.values.map(String).join(', or ');
  if (issue.code === 'too_big' || issue.code === 'too_small') return describeBound(issue);
  return issue.message;
}

function describeBound(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string {
  const small = issue.code === 'too_small';
  const bound = String(small ? issue.minimum : issue.maximum);
  const than =
    issue.inclusive === false ? (small ? 'more than' : 'less than') : small ? 'at least' : 'at most';
  if (issue.origin === 'string') return `this must have ${than} ${bound} character(s)`;
  if (issue.origin === 'array' || issue.origin === 'set') return `this must have ${than} ${bound} item(s)`;
  return `this must be ${than} ${bound}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  null: 'nothing',
};

function withArticle(type: string): string {
  return TYPE_NAMES[type] ?? type;
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return `the text "${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`;
  return `${typeof value === 'number' ? 'the number ' : ''}${String(value)}`;
}
