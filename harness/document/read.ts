// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import { DEFAULT_LIMITS, type Limits, type Span } from '../model/index.ts';
import { composeYaml, type Problem } from './compose.ts';
import { decodeDocument } from './decode.ts';
import type { Diagnostic, DiagnosticCode } from './diagnostic.ts';
import { drawFrame, findLineStarts, spanAt } from './frame.ts';
import { type DocumentPath, describeIssue, type IssueNote } from './issue.ts';
import { limitDiagnostics } from './most.ts';
import { listAskedFor, replaceTexts } from './number.ts';
import { findRange, type Place, type Range } from './place.ts';
import { suggestName } from './suggest.ts';
import { convertYaml } from './value.ts';

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

export interface ReadOptions {
  readonly limits?: Limits | undefined;
}

/**
 * Reads YAML 1.2, as bytes or as text, and checks it against a schema. What is written without quotes is a text where the
 * schema asks for one, letter by letter, and a number only where it asks for that. Returns every problem that it finds, up
 * to a bound, and throws none: those of the syntax, or, if there are none, those of the content. `file` is only a name.
 */
export function readYaml<Value>(
  content: string | Uint8Array,
  file: string,
  schema: z.ZodType<Value>,
  options: ReadOptions = {},
): ReadResult<Value> {
  const limits = options.limits ?? DEFAULT_LIMITS;
  const kib = Math.ceil(content.length / 1024);
  if (kib > limits['document-kib']) return refuse(tooLarge(file, kib, limits));
  const decoded = decodeDocument(content);
  const { text } = decoded;
  const starts = findLineStarts(text);
  const make = (
    severity: Diagnostic['severity'],
    code: DiagnosticCode,
    message: string,
    [start, end]: Range,
    suggestion: string | null,
  ): Diagnostic => {
    const span = spanAt(text, starts, file, start, end - start);
    const frame = text === '' ? [] : drawFrame(text, starts, span);
    return { severity, code, message, span, frame, suggestion };
  };
  const refuseAll = (problems: readonly Problem[]) =>
    refuse(
      ...limitDiagnostics(problems, limits.diagnostics, (one) =>
        make('error', one.code, one.message, one.range, null),
      ),
    );
  if (!decoded.ok)
    return refuseAll([
      { code: 'NOT_TEXT', message: decoded.message, range: [decoded.offset, decoded.offset + 1] },
    ]);
  const { yaml, problems } = composeYaml(text, limits['document-depth']);
  if (yaml === null || problems.length > 0) return refuseAll(inOrder(problems));
  const converted = convertYaml(yaml);
  if (converted.problems.length > 0) return refuseAll(inOrder(converted.problems));

  const { place } = converted;
  const source: Source = {
    span(path, part = 'value') {
      const [start, end] = findRange(place, path, part);
      return spanAt(text, starts, file, start, end - start);
    },
    diagnose(severity, code, message, path, part = 'value', suggestion = null) {
      return make(severity, code, message, findRange(place, path, part), suggestion);
    },
  };
  const { parsed, ambiguous } = parseAsked(converted.value, place, schema);
  if (parsed.success && ambiguous.length === 0) return { ok: true, value: parsed.data, source };
  const notes = parsed.success
    ? []
    : dropEchoes(parsed.error.issues.flatMap((issue) => describeIssue(issue, schema)));
  const placed = notes.map((one) => ({ ...one, range: findRange(place, one.path, one.part) }));
  return refuse(
    ...limitDiagnostics(
      inOrder([...ambiguous.map((one) => ({ ...one, guess: null })), ...placed]),
      limits.diagnostics,
      (one) =>
        make(
          'error',
          one.code,
          one.message,
          one.range,
          one.guess && suggestName(one.guess.written, one.guess.names),
        ),
    ),
  );
}

function refuse(...diagnostics: readonly Diagnostic[]): { ok: false; diagnostics: readonly Diagnostic[] } {
  return { ok: false, diagnostics };
}

/** Checks a value, and where the schema asks for a number or a truth value reads one in what is written there. */
function parseAsked<Value>(value: unknown, place: Place, schema: z.ZodType<Value>) {
  const ambiguous: Problem[] = [];
  for (;;) {
    const parsed = schema.safeParse(value, { reportInput: true });
    if (parsed.success) return { parsed, ambiguous };
    const { changed, problems } = replaceTexts(value, place, listAskedFor(parsed.error.issues));
    ambiguous.push(...problems);
    if (!changed) return { parsed, ambiguous };
  }
}

function tooLarge(file: string, kib: number, limits: Limits): Diagnostic {
  const message = `got a document of ${kib} KiB, expected at most ${limits['document-kib']}: --limit document-kib=${kib} allows it`;
  const span: Span = { file, line: 1, column: 1, length: 1 };
  return { severity: 'error', code: 'OUT_OF_RANGE', message, span, frame: [], suggestion: null };
}

/** Drops contradictions of a map with an unknown key: they are mostly the same mistake, described less well. */
function dropEchoes(notes: readonly IssueNote[]): readonly IssueNote[] {
  const misspelt = new Set(
    notes.filter((one) => one.code === 'UNKNOWN_KEY').map((one) => one.path.slice(0, -1).join('\0')),
  );
  return notes.filter((one) => one.code !== 'CONTRADICTION' || !misspelt.has(one.path.join('\0')));
}

function inOrder<One extends { readonly range: Range }>(problems: readonly One[]): readonly One[] {
  return problems.toSorted((a, b) => a.range[0] - b.range[0]);
}
