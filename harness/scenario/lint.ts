// SPDX-License-Identifier: MIT
import { type Diagnostic, type DocumentPath, type Source, suggestName } from '../document/index.ts';
import { kindOf, labelOf, type Scenario } from './language.ts';
import { PLACEHOLDER } from './scalar.ts';
import type { WrittenStep } from './step.ts';

interface Placed {
  readonly step: WrittenStep;
  readonly path: DocumentPath;
}

/** Every step of a list and of the lists inside, in the order in which they are written. */
function* walk(steps: readonly WrittenStep[], path: DocumentPath): Generator<Placed> {
  for (const [index, step] of steps.entries()) {
    const here = [...path, index];
    yield { step, path: here };
    const { kind, body } = kindOf(step);
    for (const list of kind.inner?.(body) ?? []) yield* walk(list.steps, [...here, kind.kind, ...list.path]);
  }
}

type Rule = (scenario: Scenario, placed: readonly Placed[], source: Source) => readonly Diagnostic[];

const RULES: readonly Rule[] = [lintJobs, lintLabels, lintPlaceholders, lintParameters, lintVms, lintModules];

/** Finds what a schema cannot see: names that are used and not given, given and not used, or given twice. */
export function lintNames(scenario: Scenario, source: Source): readonly Diagnostic[] {
  const placed = [
    ...walk(scenario.setup, ['setup']),
    ...walk(scenario.steps, ['steps']),
    ...walk(scenario.cleanup, ['cleanup']),
  ];
  return RULES.flatMap((rule) => rule(scenario, placed, source));
}

function lintJobs(_scenario: Scenario, placed: readonly Placed[], source: Source): Diagnostic[] {
  const found: Diagnostic[] = [];
  const started = new Map<string, Placed>();
  const used = new Set<string>();
  const all = placed.flatMap(({ step }) => {
    const { kind, body } = kindOf(step);
    return kind.jobs?.(body).starts ?? [];
  });
  for (const one of placed) {
    const { kind, body } = kindOf(one.step);
    const { starts = [], uses = [] } = kind.jobs?.(body) ?? {};
    for (const job of uses) {
      used.add(job);
      if (started.has(job)) continue;
      const late = all.includes(job);
      const message = late
        ? `the job "${job}" is started only further down`
        : `no step starts a job "${job}"`;
      const guess = late ? null : suggestName(job, all);
      found.push(source.diagnose('error', 'UNKNOWN_NAME', message, [...one.path, kind.kind], 'value', guess));
    }
    for (const job of starts) started.set(job, one);
  }
  const text = JSON.stringify(placed.map(({ step }) => step));
  for (const [job, { step, path }] of started) {
    if (used.has(job) || text.includes(`JOB_${job}`)) continue;
    const message = `the job "${job}" is started, and no step waits for it or stops it: how it ends is not checked`;
    found.push(source.diagnose('warning', 'UNUSED_NAME', message, [...path, kindOf(step).kind.kind]));
  }
  return found;
}

function lintLabels(_scenario: Scenario, placed: readonly Placed[], source: Source): Diagnostic[] {
  const seen = new Map<string, DocumentPath>();
  const found: Diagnostic[] = [];
  for (const { step, path } of placed) {
    const label = labelOf(step);
    const before = seen.get(label);
    if (before && step.label !== undefined) {
      const line = source.span(before).line;
      const message = `the label "${label}" is already that of the step in line ${line}: findings of the two would be taken for one`;
      found.push(source.diagnose('error', 'DUPLICATE_NAME', message, [...path, 'label']));
    } else if (before && path[0] !== 'cleanup') {
      const message = `this step is called "${label}", as another is: give one of them a label`;
      found.push(source.diagnose('warning', 'DUPLICATE_NAME', message, path));
    }
    seen.set(label, before ?? path);
  }
  return found;
}

/** Each use of a parameter in a value, with its place. */
function* findPlaceholders(value: unknown, path: DocumentPath): Generator<[key: string, path: DocumentPath]> {
  if (Array.isArray(value))
    for (const [index, one] of value.entries()) yield* findPlaceholders(one, [...path, index]);
  else if (typeof value === 'object' && value !== null)
    for (const [key, one] of Object.entries(value)) yield* findPlaceholders(one, [...path, key]);
  else if (typeof value === 'string')
    for (const [, key = ''] of value.matchAll(PLACEHOLDER)) yield [key, path];
}

function listPlaceholders({ parameters: _parameters, matrix: _matrix, ...rest }: Scenario) {
  return [...findPlaceholders(rest, [])];
}

function lintPlaceholders(scenario: Scenario, _placed: readonly Placed[], source: Source): Diagnostic[] {
  const names = [...Object.keys(scenario.parameters), ...Object.keys(scenario.matrix)];
  return listPlaceholders(scenario)
    .filter(([key]) => !names.includes(key))
    .map(([key, path]) => {
      const guess = suggestName(key, names);
      return source.diagnose('error', 'UNKNOWN_NAME', `there is no parameter "${key}"`, path, 'value', guess);
    });
}

function lintParameters(scenario: Scenario, _placed: readonly Placed[], source: Source): Diagnostic[] {
  const { parameters, matrix } = scenario;
  const used = new Set(listPlaceholders(scenario).map(([key]) => key));
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

function lintVms(scenario: Scenario, placed: readonly Placed[], source: Source): Diagnostic[] {
  const names = Object.keys(scenario.l2);
  const uses = placed.flatMap(({ step, path }) => {
    const { kind, body } = kindOf(step);
    return (kind.vms?.(body) ?? []).map((vm) => ({ name: vm.name, path: [...path, kind.kind, ...vm.path] }));
  });
  const unknown = uses
    .filter(({ name }) => !names.includes(name))
    .map(({ name, path }) => {
      const message = `no VM "${name}" is named under l2`;
      return source.diagnose('error', 'UNKNOWN_NAME', message, path, 'value', suggestName(name, names));
    });
  const unused = names
    .filter((name) => !uses.some((use) => use.name === name))
    .map((name) =>
      source.diagnose('warning', 'UNUSED_NAME', `the VM "${name}" is never started`, ['l2', name], 'key'),
    );
  return [...unknown, ...unused];
}

function lintModules(scenario: Scenario, _placed: readonly Placed[], source: Source): Diagnostic[] {
  const names = scenario.modules.map((one) => one.module);
  return names.flatMap((module, index) => {
    if (names.indexOf(module) === index) return [];
    const message = `the module "${module}" is loaded twice`;
    return [source.diagnose('error', 'DUPLICATE_NAME', message, ['modules', index])];
  });
}
