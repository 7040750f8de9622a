// SPDX-License-Identifier: MIT
import { Fault, type Span } from '../model/index.ts';
import { showName } from './phrase.ts';

/** Everything that can be wrong with a document. The list is closed, so programs and searches may rely on it. */
export const DIAGNOSTIC_CODES = [
  /** Not YAML. */
  'YAML_SYNTAX',
  /** The indentation is ambiguous, or contains a tab. */
  'YAML_INDENT',
  /** A map has the same key twice. */
  'YAML_DUPLICATE_KEY',
  /** An alias to nothing, or aliases that would expand beyond what memory holds. */
  'YAML_ALIAS',
  /** More than one document in a file. */
  'YAML_MANY_DOCUMENTS',
  /** `0644` where a number is asked for: YAML 1.2 reads it as six hundred and forty-four. */
  'YAML_OCTAL',
  /** Bytes that are no UTF-8, or characters that no text has. */
  'NOT_TEXT',
  /** A key that the language does not have. */
  'UNKNOWN_KEY',
  /** A required key is missing. */
  'MISSING_KEY',
  /** A value of another type, such as a number instead of a text. */
  'WRONG_TYPE',
  /** Not one of the allowed words. */
  'WRONG_VALUE',
  /** Too small, too big, too short, too long. */
  'OUT_OF_RANGE',
  /** A text in another form than the required one. */
  'WRONG_FORM',
  /** Each part is valid, but not together. */
  'CONTRADICTION',
  /** A name that is used but not defined. */
  'UNKNOWN_NAME',
  /** A name that is defined but not used. */
  'UNUSED_NAME',
  /** A name that is defined twice. */
  'DUPLICATE_NAME',
  /** It is correct, but it can never fail, or never pass. */
  'PROVES_NOTHING',
  /** There are more problems than are shown. */
  'MANY_PROBLEMS',
] as const;

export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

/** One thing that is wrong with a document. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly span: Span;
  /** The line with its neighbours and a caret below it. */
  readonly frame: readonly string[];
  /** What was probably meant, or null. */
  readonly suggestion: string | null;
}

/** A diagnostic as text: `file:line:column: severity: message [CODE]`, then the code frame. No line feed at the end. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { span, severity, code, message, suggestion } = diagnostic;
  const guess = suggestion === null ? '' : ` (did you mean ${showName(suggestion)}?)`;
  const head = `${span.file}:${span.line}:${span.column}: ${severity}: ${message}${guess} [${code}]`;
  return [head, ...diagnostic.frame].join('\n');
}

/**
 * The diagnostics of one file as a Fault `DOCUMENT_INVALID`. `blame` is `scenario` for a scenario, and `request` for a
 * kernel definition or an image recipe.
 */
export function faultOf(
  diagnostics: readonly Diagnostic[],
  file: string,
  blame: 'scenario' | 'request',
): Fault {
  const errors = diagnostics.filter((one) => one.severity === 'error');
  const first = errors[0];
  const isCounted = errors.every((one) => one.code !== 'MANY_PROBLEMS');
  const more = errors.length > 1 ? ` (and ${isCounted ? errors.length - 1 : 'many'} more)` : '';
  return new Fault({
    blame,
    code: 'DOCUMENT_INVALID',
    message: first
      ? `${file}:${first.span.line}: ${first.message}${more}`
      : `${file} has no errors, only warnings`,
    details: diagnostics.map(formatDiagnostic),
    ...(first ? { span: first.span } : {}),
  });
}
