// SPDX-License-Identifier: MIT
import { Fault, type Span } from '../model/index.ts';

/** Everything that can be wrong with a document. A closed list: programs and searches may rely on it. */
export const DIAGNOSTIC_CODES = [
  /** Not YAML. */
  'YAML_SYNTAX',
  /** The indentation does not say what belongs to what, or a tab is used for it. */
  'YAML_INDENT',
  /** A map has the same key twice. */
  'YAML_DUPLICATE_KEY',
  /** An alias to nothing, or so many that they would fill the memory. */
  'YAML_ALIAS',
  /** More than one document in a file. */
  'YAML_MANY_DOCUMENTS',
  /** `0644` without quotes: YAML 1.2 reads it as six hundred and forty-four. */
  'YAML_OCTAL',
  /** A key that the language does not have. */
  'UNKNOWN_KEY',
  /** A key that must be there is not. */
  'MISSING_KEY',
  /** A number where a text should be, and the like. */
  'WRONG_TYPE',
  /** Not one of the words that are allowed here. */
  'WRONG_VALUE',
  /** Too small, too big, too short, too long. */
  'OUT_OF_RANGE',
  /** A text that is not of the form asked for. */
  'WRONG_FORM',
  /** Each part is right, but not together. */
  'CONTRADICTION',
  /** A name that is used but not given anywhere. */
  'UNKNOWN_NAME',
  /** A name that is given but not used anywhere. */
  'UNUSED_NAME',
  /** A name that is given twice. */
  'DUPLICATE_NAME',
] as const;

export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

/** One thing that is wrong with a document. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly span: Span;
  /** The line in question with its neighbours and a caret below it. */
  readonly frame: readonly string[];
  /** What was probably meant, or null. */
  readonly suggestion: string | null;
}

/** A diagnostic as text: `file:line:column: CODE: message`, then the code frame. No line feed at the end. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { span, severity, code, message, suggestion } = diagnostic;
  const guess = suggestion === null ? '' : ` (did you mean "${suggestion}"?)`;
  const head = `${span.file}:${span.line}:${span.column}: ${severity}: ${message}${guess} [${code}]`;
  return [head, ...diagnostic.frame].join('\n');
}

/**
 * The diagnostics of one file as a Fault `DOCUMENT_INVALID`. `blame` is `scenario` for a scenario and `request` for
 * what the user wrote to ask for something: a kernel definition, an image recipe.
 */
export function faultOf(
  diagnostics: readonly Diagnostic[],
  file: string,
  blame: 'scenario' | 'request',
): Fault {
  const errors = diagnostics.filter((one) => one.severity === 'error');
  const first = errors[0];
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new Fault({
    blame,
    code: 'DOCUMENT_INVALID',
    message: first ? `${file}:${first.span.line}: ${first.message}${more}` : `${file} is not as it should be`,
    details: diagnostics.map(formatDiagnostic),
    ...(first ? { span: first.span } : {}),
  });
}
