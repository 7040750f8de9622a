// SPDX-License-Identifier: MIT
import { type Diagnostic, type DocumentPath, type Source, suggestName } from '../document/index.ts';
import { kindOf, labelOf, type Scenario } from './language.ts';
import type { StepText } from './step.ts';
import { PLACEHOLDER } from './words.ts';

interface Placed {
  readonly step: StepText;
  readonly path: DocumentPath;
}

/** Every step of a list and of the lists inside, in the order in which they are written. */
function* walk(steps: readonly StepText[], path: DocumentPath): Generator<Placed> {
  for (const [index, step] of steps.entries()) {
    const here = [...path, index];
    yield { step, path: here };
    const { kind, body } = kindOf(step);
    for (const list of kind.inner?.(body) ?? []) yield* walk(list.steps, [...here, kind.kind, ...list.path]);
  }
}

/** What a schema cannot see: names that are used and not given, given and not used, given twice. */
export function lintNames(scenario: Scenario, source: Source): readonly Diagnostic[] {
  const placed = [
    ...walk(scenario.setup, ['setup']),
    ...walk(scenario.steps, ['steps']),
    ...walk(scenario.cleanup, ['cleanup']),
  ];
  return [
    ...lintJobs(placed, source),
    ...lintLabels(placed, source),
    ...lintParameters(scenario, source),
    ...lintL2(scenario, placed, source),
    ...lintModules(scenario, source),
  ];
}

function lintJobs(placed: readonly Placed[], source: Source): Diagnostic[] {
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
    const message = `the job "${job}" is started, and no step waits for it or stops it: how it ends is never looked at`;
    found.push(source.diagnose('warning', 'UNUSED_NAME', message, [...path, kindOf(step).kind.kind]));
  }
  return found;
}

function lintLabels(placed: readonly Placed[], source: Source): Diagnostic[] {
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

function lintParameters(scenario: Scenario, source: Source): Diagnostic[] {
  const found: Diagnostic[] = [];
  const names = [...Object.keys(scenario.parameters), ...Object.keys(scenario.matrix)];
  const used = new Set<string>();
  const look = (value: unknown, path: DocumentPath): void => {
    if (Array.isArray(value)) for (const [index, one] of value.entries()) look(one, [...path, index]);
    else if (typeof value === 'object' && value !== null)
      for (const [key, one] of Object.entries(value)) look(one, [...path, key]);
    else if (typeof value === 'string')
      for (const [, key = ''] of value.matchAll(PLACEHOLDER)) {
        used.add(key);
        if (!names.includes(key))
          found.push(
            source.diagnose(
              'error',
              'UNKNOWN_NAME',
              `there is no parameter "${key}"`,
              path,
              'value',
              suggestName(key, names),
            ),
          );
      }
  };
  const { parameters, matrix, ...rest } = scenario;
  for (const [key, value] of Object.entries(rest)) look(value, [key]);
  for (const [part, group] of Object.entries({ parameters, matrix })) {
    for (const key of Object.keys(group)) {
      if (!used.has(key))
        found.push(
          source.diagnose(
            'warning',
            'UNUSED_NAME',
            `the parameter "${key}" is used nowhere`,
            [part, key],
            'key',
          ),
        );
      if (part === 'matrix' && key in parameters)
        found.push(
          source.diagnose(
            'error',
            'DUPLICATE_NAME',
            `"${key}" is a parameter and an axis of the matrix`,
            [part, key],
            'key',
          ),
        );
    }
  }
  return found;
}

function lintL2(scenario: Scenario, placed: readonly Placed[], source: Source): Diagnostic[] {
  const found: Diagnostic[] = [];
  const names = Object.keys(scenario.l2);
  const used = new Set<string>();
  for (const { step, path } of placed) {
    const { kind, body } = kindOf(step);
    if (kind.kind !== 'startL2') continue;
    const { l2 } = body as { l2: string };
    used.add(l2);
    if (!names.includes(l2))
      found.push(
        source.diagnose(
          'error',
          'UNKNOWN_NAME',
          `no VM "${l2}" is named under l2`,
          [...path, kind.kind, 'l2'],
          'value',
          suggestName(l2, names),
        ),
      );
  }
  for (const key of names)
    if (!used.has(key))
      found.push(
        source.diagnose('warning', 'UNUSED_NAME', `the VM "${key}" is never started`, ['l2', key], 'key'),
      );
  return found;
}

function lintModules(scenario: Scenario, source: Source): Diagnostic[] {
  const names = scenario.modules.map((one) => (typeof one === 'string' ? one : one.module));
  return names.flatMap((module, index) =>
    names.indexOf(module) < index
      ? [
          source.diagnose('error', 'DUPLICATE_NAME', `the module "${module}" is loaded twice`, [
            'modules',
            index,
          ]),
        ]
      : [],
  );
}
