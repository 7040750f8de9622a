// SPDX-License-Identifier: MIT
import { parseDocument, type Document as YamlDocument } from 'yaml';
import type { z } from 'zod';
import type { Span } from '../model/index.ts';
import type { Diagnostic, DiagnosticCode } from './diagnostic.ts';
import { findDoubts } from './doubt.ts';
import { drawFrame, findLineStarts, spanAt } from './frame.ts';
import { type DocumentPath, describeIssue, type IssueNote } from './issue.ts';
import { findRange, type Range } from './range.ts';

/** The places in a document's text, for checks that a schema cannot make. */
export interface Source {
  /** The span of the value at `path`, or of its key. If there is none, that of the nearest value above. */
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

const SYNTAX_CODES: Readonly<Record<string, DiagnosticCode>> = {
  DUPLICATE_KEY: 'YAML_DUPLICATE_KEY',
  BAD_INDENT: 'YAML_INDENT',
  TAB_AS_INDENT: 'YAML_INDENT',
  BAD_ALIAS: 'YAML_ALIAS',
  RESOURCE_EXHAUSTION: 'YAML_ALIAS',
  MULTIPLE_DOCS: 'YAML_MANY_DOCUMENTS',
};

/**
 * Reads YAML 1.2 text and checks it against a schema. Returns every problem that it finds, and throws none: those of
 * the syntax, or, if there are none, those of the content. `file` is only a name, for the spans.
 */
export function readYaml<Value>(text: string, file: string, schema: z.ZodType<Value>): ReadResult<Value> {
  const starts = findLineStarts(text);
  const locate = ([start, end]: Range) => spanAt(text, starts, file, start, end - start);
  const make = (
    severity: Diagnostic['severity'],
    code: DiagnosticCode,
    message: string,
    range: Range,
    suggestion: string | null,
  ): Diagnostic => {
    const span = locate(range);
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
      return locate(findRange(yaml, path, part));
    },
    diagnose(severity, code, message, path, part = 'value', suggestion = null) {
      return make(severity, code, message, findRange(yaml, path, part), suggestion);
    },
  };
  const parsed = schema.safeParse(raw.value, { reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data, source };
  const notes = parsed.error.issues.flatMap((issue) => describeIssue(issue, schema));
  for (const one of dropEchoes(notes))
    diagnostics.push(source.diagnose('error', one.code, one.message, one.path, one.part, one.suggestion));
  return { ok: false, diagnostics: inOrder(diagnostics) };
}

/** Drops contradictions of a map with an unknown key: they are mostly the same mistake, described less well. */
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

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...diagnostics].sort((a, b) => a.span.line - b.span.line || a.span.column - b.span.column);
}
