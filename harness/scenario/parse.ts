// SPDX-License-Identifier: MIT
import { type Diagnostic, type ReadOptions, readYaml, selectDiagnostics } from '../document/index.ts';
import { DEFAULT_LIMITS } from '../model/index.ts';
import { type Scenario, scenarioSchema } from './language.ts';
import { findExpandedProblems, findProblems } from './lint.ts';

export type ParseResult =
  | { readonly ok: true; readonly scenario: Scenario; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * A scenario from the bytes or the text of its file, with all warnings; or everything that is wrong with it, up to a bound.
 * `file` is only a name.
 */
export function parseScenario(
  content: string | Uint8Array,
  file: string,
  options: ReadOptions = {},
): ParseResult {
  const read = readScenario(content, file, options);
  const { limits = DEFAULT_LIMITS } = options;
  const shown = selectDiagnostics(read.problems, limits.diagnostics);
  return read.scenario === null || read.problems.some(isError)
    ? { ok: false, diagnostics: shown }
    : { ok: true, scenario: read.scenario, warnings: shown };
}

/**
 * Everything that can be said against a scenario: errors, and warnings where there is no error. Parameters have the values
 * that the scenario gives them.
 */
export function lintScenario(
  content: string | Uint8Array,
  file: string,
  options: ReadOptions = {},
): readonly Diagnostic[] {
  const { scenario, problems, expand } = readScenario(content, file, options);
  const { limits = DEFAULT_LIMITS } = options;
  const expanded = scenario === null || problems.some(isError) ? [] : expand();
  return selectDiagnostics([...problems, ...expanded], limits.diagnostics);
}

const isError = (one: Diagnostic) => one.severity === 'error';

interface Read {
  /** Null when its form is wrong. */
  readonly scenario: Scenario | null;
  readonly problems: readonly Diagnostic[];
  /** What is wrong once the placeholders have their values. */
  expand(): readonly Diagnostic[];
}

function readScenario(content: string | Uint8Array, file: string, options: ReadOptions): Read {
  const { limits = DEFAULT_LIMITS } = options;
  const read = readYaml(content, file, scenarioSchema, options);
  if (!read.ok) return { scenario: null, problems: read.diagnostics, expand: () => [] };
  const { value: scenario, source } = read;
  return {
    scenario,
    problems: findProblems(scenario, source, limits),
    expand: () => findExpandedProblems(scenario, source),
  };
}
