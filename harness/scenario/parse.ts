// SPDX-License-Identifier: MIT
import { type Diagnostic, readYaml } from '../document/index.ts';
import { type Scenario, scenarioSchema } from './language.ts';
import { lintNames } from './lint.ts';

export type ParseResult =
  | { readonly ok: true; readonly scenario: Scenario; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** A scenario from its text, with all warnings; or everything that is wrong with it. `file` is only a name. */
export function parseScenario(text: string, file: string): ParseResult {
  const read = readYaml(text, file, scenarioSchema);
  if (!read.ok) return read;
  const diagnostics = lintNames(read.value, read.source);
  if (diagnostics.some((one) => one.severity === 'error')) return { ok: false, diagnostics };
  return { ok: true, scenario: read.value, warnings: diagnostics };
}

/** Everything that can be said against a scenario's text: errors, and warnings where there is no error. */
export function lintScenario(text: string, file: string): readonly Diagnostic[] {
  const parsed = parseScenario(text, file);
  return parsed.ok ? parsed.warnings : parsed.diagnostics;
}
