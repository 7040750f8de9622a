// SPDX-License-Identifier: MIT
import { type Diagnostic, type Source, showName, suggestName } from '../document/index.ts';
import { labelOf, type Scenario } from './language.ts';
import { findPlaceholders } from './placeholder.ts';
import type { Rule } from './rule.ts';
import type { PlacedStep } from './walk.ts';

/** Finds what a schema cannot see: names that are used and not given, given and not used, or given twice. */
export const NAME_RULES: readonly Rule[] = [
  lintJobs,
  lintLabels,
  lintPlaceholders,
  lintParameters,
  lintVms,
  lintModules,
];

/** Among more names a misspelt one is not looked for: each look takes as long as there are names. */
const MOST_GUESSED = 200;

function guess(written: string, names: ReadonlySet<string>): string | null {
  return names.size > MOST_GUESSED ? null : suggestName(written, names);
}

function lintJobs(_scenario: Scenario, placed: readonly PlacedStep[], source: Source): Diagnostic[] {
  const found: Diagnostic[] = [];
  const started = new Map<string, PlacedStep>();
  const used = new Set<string>();
  const all = new Set(placed.flatMap(({ kind, body }) => kind.jobs?.(body).starts ?? []));
  for (const one of placed) {
    const { kind, body, path } = one;
    const { starts = [], uses = [], writes } = kind.jobs?.(body) ?? {};
    for (const job of uses) {
      used.add(job);
      const start = started.get(job);
      if (start) {
        if (writes === true && start.kind.jobs?.(start.body).writes !== true)
          found.push(
            source.diagnose(
              'error',
              'CONTRADICTION',
              `the job "${job}" is no write: it has no errno, but an exit code or a signal`,
              [...path, kind.kind],
            ),
          );
        continue;
      }
      const late = all.has(job);
      const message = late
        ? `the job "${job}" is started only further down`
        : `no step starts a job "${job}"`;
      found.push(
        source.diagnose(
          'error',
          'UNKNOWN_NAME',
          message,
          [...path, kind.kind],
          'value',
          late ? null : guess(job, all),
        ),
      );
    }
    for (const job of starts) started.set(job, one);
  }
  const text = JSON.stringify(placed.map(({ step }) => step));
  const named = new Set([...text.matchAll(/JOB_([a-z][a-z0-9_]*)/g)].map(([, job]) => job));
  for (const [job, { kind, path }] of started) {
    if (used.has(job) || named.has(job)) continue;
    const message = `the job "${job}" is started, and no step waits for it or stops it: how it ends is not checked`;
    found.push(source.diagnose('warning', 'UNUSED_NAME', message, [...path, kind.kind]));
  }
  return found;
}

function lintLabels(_scenario: Scenario, placed: readonly PlacedStep[], source: Source): Diagnostic[] {
  const seen = new Map<string, PlacedStep['path']>();
  const found: Diagnostic[] = [];
  for (const { step, path } of placed) {
    const label = labelOf(step);
    const before = seen.get(label);
    if (before && step.label !== undefined) {
      const line = source.span(before).line;
      const message = `the label ${showName(label)} is already that of the step in line ${line}: findings of the two would be taken for one`;
      found.push(source.diagnose('error', 'DUPLICATE_NAME', message, [...path, 'label']));
    } else if (before && path[0] !== 'cleanup') {
      const message = `this step is called ${showName(label)}, as another is: give one of them a label`;
      found.push(source.diagnose('warning', 'DUPLICATE_NAME', message, path));
    }
    seen.set(label, before ?? path);
  }
  return found;
}

function listUses({ parameters: _parameters, matrix: _matrix, ...rest }: Scenario) {
  return [...findPlaceholders(rest, [])];
}

function lintPlaceholders(scenario: Scenario, _placed: readonly PlacedStep[], source: Source): Diagnostic[] {
  const names = new Set([...Object.keys(scenario.parameters), ...Object.keys(scenario.matrix)]);
  const inValues = [...findPlaceholders({ parameters: scenario.parameters, matrix: scenario.matrix }, [])];
  const nested = inValues.map(({ written, path }) =>
    source.diagnose(
      'error',
      'CONTRADICTION',
      `the placeholder ${showName(written)} in the value of a parameter would not be replaced`,
      path,
    ),
  );
  const unknown = listUses(scenario).flatMap(({ key, written, path }) => {
    if (key === null) {
      const message = `${showName(written)} is no placeholder: expected a dollar sign and a name of letters, digits and underscores in two pairs of braces`;
      return [source.diagnose('error', 'WRONG_FORM', message, path)];
    }
    if (names.has(key)) return [];
    return [
      source.diagnose(
        'error',
        'UNKNOWN_NAME',
        `there is no parameter "${key}"`,
        path,
        'value',
        guess(key, names),
      ),
    ];
  });
  return [...nested, ...unknown];
}

function lintParameters(scenario: Scenario, _placed: readonly PlacedStep[], source: Source): Diagnostic[] {
  const { parameters, matrix } = scenario;
  const used = new Set(listUses(scenario).map(({ key }) => key));
  const found: Diagnostic[] = [];
  for (const [part, group] of [
    ['parameters', parameters],
    ['matrix', matrix],
  ] as const) {
    for (const key of Object.keys(group)) {
      const add = (severity: 'error' | 'warning', code: Diagnostic['code'], message: string) =>
        found.push(source.diagnose(severity, code, message, [part, key], 'key'));
      if (!used.has(key)) add('warning', 'UNUSED_NAME', `the parameter "${key}" is used nowhere`);
      if (part === 'matrix' && Object.hasOwn(parameters, key))
        add('error', 'DUPLICATE_NAME', `"${key}" is a parameter and an axis of the matrix`);
    }
  }
  return found;
}

function lintVms(scenario: Scenario, placed: readonly PlacedStep[], source: Source): Diagnostic[] {
  const names = new Set(Object.keys(scenario.l2));
  const uses = placed.flatMap(({ kind, body, path }) =>
    (kind.vms?.(body) ?? []).map((vm) => ({ name: vm.name, path: [...path, kind.kind, ...vm.path] })),
  );
  const unknown = uses
    .filter(({ name }) => !names.has(name))
    .map(({ name, path }) => {
      const message = `no VM "${name}" is named under l2`;
      return source.diagnose('error', 'UNKNOWN_NAME', message, path, 'value', guess(name, names));
    });
  const used = new Set(uses.map(({ name }) => name));
  const unused = [...names]
    .filter((name) => !used.has(name))
    .map((name) =>
      source.diagnose('warning', 'UNUSED_NAME', `the VM "${name}" is never started`, ['l2', name], 'key'),
    );
  return [...unknown, ...unused];
}

function lintModules(scenario: Scenario, _placed: readonly PlacedStep[], source: Source): Diagnostic[] {
  const seen = new Set<string>();
  return scenario.modules.flatMap(({ module }, index) => {
    // The kernel takes a dash in a module's name for an underscore.
    const name = module.replaceAll('-', '_');
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const message = `the module "${module}" is loaded twice`;
    return [source.diagnose('error', 'DUPLICATE_NAME', message, ['modules', index])];
  });
}
