// SPDX-License-Identifier: MIT
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  visit,
  type Document as YamlDocument,
} from 'yaml';
import type { z } from 'zod';
import type { Span } from '../model/index.ts';
import type { Diagnostic, DiagnosticCode } from './diagnostic.ts';
import { drawFrame, findLineStarts, spanAt } from './frame.ts';
import { describeIssue, type IssueNote } from './issue.ts';

/** Where in a document: keys of maps and indices of lists, from the root. */
export type DocumentPath = readonly (string | number)[];

/** A document's text with its places, for those who find more to say about it than its schema can. */
export interface Source {
  /** The span of the value at `path`, or of its key; of the nearest thing above where there is none. */
  span(path: DocumentPath, part?: 'key' | 'value'): Span;
  /** A diagnostic about the value at `path`, or about its key. */
  diagnose(
    severity: Diagnostic['severity'],
    code: DiagnosticCode,
    message: string,
    path: DocumentPath,
    part?: 'key' | 'value',
    suggestion?: string | null,
  ): Diagnostic;
}

export type ReadResult<Value> =
  | { readonly ok: true; readonly value: Value; readonly source: Source }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

type Range = readonly [start: number, end: number];

const SYNTAX_CODES: Readonly<Record<string, DiagnosticCode>> = {
  DUPLICATE_KEY: 'YAML_DUPLICATE_KEY',
  BAD_INDENT: 'YAML_INDENT',
  TAB_AS_INDENT: 'YAML_INDENT',
  BAD_ALIAS: 'YAML_ALIAS',
  RESOURCE_EXHAUSTION: 'YAML_ALIAS',
  MULTIPLE_DOCS: 'YAML_MANY_DOCUMENTS',
};

/**
 * Reads YAML 1.2 text and checks it against a schema. Collects every problem that it can see and throws none: first
 * those of the syntax, then, when there is none, those of the content. `file` is only a name, for the spans.
 */
export function readYaml<Value>(text: string, file: string, schema: z.ZodType<Value>): ReadResult<Value> {
  const starts = findLineStarts(text);
  const make = (
    severity: Diagnostic['severity'],
    code: DiagnosticCode,
    message: string,
    range: Range,
    suggestion: string | null,
  ): Diagnostic => {
    const span = spanAt(text, starts, file, range[0], range[1] - range[0]);
    return { severity, code, message, span, frame: drawFrame(text, span), suggestion };
  };
  const yaml = parseDocument(text, { prettyErrors: false, uniqueKeys: true, logLevel: 'error' });
  const diagnostics = [...yaml.errors, ...yaml.warnings].map((problem) =>
    make('error', SYNTAX_CODES[problem.code] ?? 'YAML_SYNTAX', problem.message, problem.pos, null),
  );
  for (const doubt of findDoubts(yaml))
    diagnostics.push(make('error', doubt.code, doubt.message, doubt.range, null));
  const raw = diagnostics.length === 0 ? convert(yaml) : null;
  if (raw?.ok === false) diagnostics.push(make('error', 'YAML_ALIAS', raw.message, [0, 1], null));
  if (!raw?.ok) return { ok: false, diagnostics: inOrder(diagnostics) };

  const source: Source = {
    span(path, part = 'value') {
      const range = rangeOf(yaml, path, part);
      return spanAt(text, starts, file, range[0], range[1] - range[0]);
    },
    diagnose(severity, code, message, path, part = 'value', suggestion = null) {
      return make(severity, code, message, rangeOf(yaml, path, part), suggestion);
    },
  };
  const parsed = schema.safeParse(raw.value, { reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data, source };
  const notes = parsed.error.issues.flatMap((issue) => describeIssue(issue, schema));
  for (const one of dropEchoes(notes))
    diagnostics.push(source.diagnose('error', one.code, one.message, one.path, one.part, one.suggestion));
  return { ok: false, diagnostics: inOrder(diagnostics) };
}

/** What contradicts itself where a key is misspelt is mostly the same mistake, told less well. */
function dropEchoes(notes: readonly IssueNote[]): readonly IssueNote[] {
  const misspelt = new Set(
    notes.filter((one) => one.code === 'UNKNOWN_KEY').map((one) => one.path.slice(0, -1).join('\0')),
  );
  return notes.filter((one) => one.code !== 'CONTRADICTION' || !misspelt.has(one.path.join('\0')));
}

function convert(yaml: YamlDocument): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: yaml.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

/** What YAML accepts and a person did not mean: numbers that look octal, aliases to nothing. */
function findDoubts(yaml: YamlDocument): readonly { code: DiagnosticCode; message: string; range: Range }[] {
  const found: { code: DiagnosticCode; message: string; range: Range }[] = [];
  visit(yaml, {
    Scalar(_key, node) {
      const range = asRange(node);
      if (node.type !== 'PLAIN' || !range || !/^[-+]?0[0-9_]+$/.test(node.source ?? '')) return;
      const message = `${node.source} is ambiguous: YAML reads it as ${String(node.value)}, not as octal; quote it or drop the zero`;
      found.push({ code: 'YAML_OCTAL', message, range });
    },
    Alias(_key, node) {
      const range = asRange(node);
      if (!range || node.resolve(yaml)) return;
      found.push({
        code: 'YAML_ALIAS',
        message: `no anchor &${node.source} stands before this alias`,
        range,
      });
    },
  });
  return found;
}

function rangeOf(yaml: YamlDocument, path: DocumentPath, part: 'key' | 'value'): Range {
  let node: unknown = yaml.contents;
  let range = asRange(node) ?? [0, 1];
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(yaml);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) return range;
      const last = depth === path.length - 1;
      const key = asRange(pair.key);
      node = pair.value;
      // An empty value (`key:`) has no extent of its own: point at its key.
      const value = asRange(node);
      range = (last && part === 'key' ? key : value && value[1] > value[0] ? value : key) ?? range;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      range = asRange(node) ?? range;
    } else return range;
  }
  return range;
}

function asRange(node: unknown): Range | null {
  const range = (node as Node | null | undefined)?.range;
  return range ? [range[0], range[1]] : null;
}

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...diagnostics].sort((a, b) => a.span.line - b.span.line || a.span.column - b.span.column);
}
