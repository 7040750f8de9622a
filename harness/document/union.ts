// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import type { DiagnosticCode } from './diagnostic.ts';
import { describeBound, describeType, describeValue, showName } from './phrase.ts';

type Branch = readonly z.core.$ZodIssue[];

/** What is wrong with a value that none of several forms fits: the complaints of the form that was meant, or its own. */
export type UnionProblem =
  | { readonly issues: Branch }
  | { readonly unknown: readonly string[] }
  | { readonly code: DiagnosticCode; readonly message: string; readonly words: readonly string[] };

/** Finds out which form of a union was meant. */
export function describeUnion(issue: z.core.$ZodIssueInvalidUnion): UnionProblem {
  const fitting = issue.errors.filter(
    (branch) =>
      branch.length > 0 && !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0),
  );
  const { input } = issue;
  if (isMap(input)) return describeMaps(fitting, Object.keys(input)) ?? describeBranches(issue);
  const [deepest] = fitting.toSorted((a, b) => depthOf(b) - depthOf(a));
  if (deepest && depthOf(deepest) > 0) return { issues: deepest };
  // One of some words is what everything is not: it was not meant because it is the only text.
  const [only, ...others] = fitting.filter((branch) => branch.every((one) => !isOpen(one)));
  return only && others.length === 0 ? { issues: only } : describeBranches(issue);
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOpen(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_value' || issue.code === 'invalid_union';
}

/** A map is meant to be the form that knows most of its keys; null when no form is a map. */
function describeMaps(fitting: readonly Branch[], keys: readonly string[]): UnionProblem | null {
  const branches = fitting.map((issues) => ({ issues, unknown: unknownKeys(issues) }));
  const fewest = Math.min(...branches.map((one) => one.unknown.length));
  const best = branches.filter((one) => one.unknown.length === fewest);
  const [first] = best;
  if (!first) return null;
  if (branches.length === 1 || (best.length === 1 && fewest < keys.length)) return { issues: first.issues };
  const nowhere = keys.filter((key) => branches.every((one) => one.unknown.includes(key)));
  if (nowhere.length > 0) return { unknown: nowhere };
  if (fewest > 0) {
    const names = keys.map(showName).join(' and ');
    return { code: 'CONTRADICTION', message: `got ${names} together, expected only one of them`, words: [] };
  }
  const [deepest] = best.toSorted((a, b) => depthOf(b.issues) - depthOf(a.issues));
  if (keys.length > 0 && deepest) return { issues: deepest.issues };
  const wanted = branches.flatMap(({ issues }) => issues.map((one) => String(one.path[0] ?? '')));
  const message = `got an empty map, expected one of the keys ${[...new Set(wanted)].filter(Boolean).join(', ')}`;
  return { code: 'MISSING_KEY', message, words: [] };
}

function unknownKeys(issues: Branch): readonly string[] {
  return issues.flatMap((one) => (one.code === 'unrecognized_keys' && one.path.length === 0 ? one.keys : []));
}

function depthOf(branch: Branch): number {
  return branch.reduce((deepest, inner) => Math.max(deepest, inner.path.length), 0);
}

/** What all branches of a union expect. */
function describeBranches(issue: z.core.$ZodIssueInvalidUnion): UnionProblem {
  const branches = flatten(issue);
  const expected = branches.flatMap((branch) => branch.slice(0, 1).map(describeExpected));
  const words = branches
    .flat()
    .flatMap((one) => (one.code === 'invalid_value' ? one.values.map(String) : []));
  const isType = branches.every((branch) => branch[0]?.code === 'invalid_type');
  return {
    code: isType ? 'WRONG_TYPE' : 'WRONG_VALUE',
    message: `got ${describeValue(issue.input)}, expected ${[...new Set(expected)].join(', or ')}`,
    words,
  };
}

/** The branches of a union and of the unions that are its branches. */
function flatten(issue: z.core.$ZodIssueInvalidUnion): readonly Branch[] {
  return issue.errors.flatMap((branch) => {
    const [only] = branch;
    return branch.length === 1 && only?.code === 'invalid_union' && only.path.length === 0
      ? flatten(only)
      : [branch];
  });
}

function describeExpected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return describeType(issue.expected);
  if (issue.code === 'invalid_value') return issue.values.map(String).join(', or ');
  if (issue.code === 'too_big' || issue.code === 'too_small') return describeBound(issue);
  return issue.message.replace(/^(?:this )?must be /, '');
}
