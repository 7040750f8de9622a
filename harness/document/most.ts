// SPDX-License-Identifier: MIT
import type { Diagnostic } from './diagnostic.ts';

/** Makes diagnostics of the first `most` problems; what is left out is counted in one more. */
export function limitDiagnostics<Problem>(
  problems: readonly Problem[],
  most: number,
  make: (problem: Problem) => Diagnostic,
): readonly Diagnostic[] {
  const shown = problems.slice(0, most).map(make);
  const next = problems[most];
  if (next === undefined) return shown;
  return [...shown, countRest(make(next), problems.length)];
}

/** The same for diagnostics that are made already: all errors come before the warnings where not all can be shown. */
export function selectDiagnostics(diagnostics: readonly Diagnostic[], most: number): readonly Diagnostic[] {
  // Those of a document that did not read have been counted already.
  if (diagnostics.length <= most || diagnostics.at(-1)?.code === 'MANY_PROBLEMS') return diagnostics;
  const isError = (one: Diagnostic) => one.severity === 'error';
  const first = [...diagnostics.filter(isError), ...diagnostics.filter((one) => !isError(one))];
  return limitDiagnostics(first, most, (one) => one);
}

function countRest(next: Diagnostic, count: number): Diagnostic {
  const message = `this is one of ${count} problems: the others after it are not shown; --limit diagnostics=${count} shows all`;
  return { ...next, code: 'MANY_PROBLEMS', message, frame: [], suggestion: null };
}
