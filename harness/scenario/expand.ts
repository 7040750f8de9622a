// SPDX-License-Identifier: MIT
import { showName } from '../document/index.ts';
import { DEFAULT_LIMITS, Fault, type Limits, requireWithin } from '../model/index.ts';
import { type Scenario, scenarioSchema } from './language.ts';
import { LONGEST_NAME, nameVariant } from './name-variant.ts';
import { listKeys, replaceAllPlaceholders } from './placeholder.ts';
import { countCombinations, listQuantities } from './quantity.ts';
import { settleScenario } from './settle.ts';
import type { SettledScenario } from './settled.ts';
import { listSteps } from './walk.ts';

type Values = Readonly<Record<string, string>>;

/** How a scenario is expanded. */
export interface ExpandOptions {
  readonly limits?: Limits | undefined;
}

/**
 * One settled scenario for each combination of the matrix. `given` has texts, as they were typed: they replace defaults and
 * pin axes of the matrix. Faults: `SCENARIO_UNKNOWN_PARAMETER`, `LIMIT_EXCEEDED` (request), `SCENARIO_BAD_PARAMETER`
 * (scenario, or request where a given value is too long for a name).
 */
export function expandScenario(
  scenario: Scenario,
  given: Values = {},
  options: ExpandOptions = {},
): readonly SettledScenario[] {
  const limits = options.limits ?? DEFAULT_LIMITS;
  const known = [...Object.keys(scenario.parameters), ...Object.keys(scenario.matrix)];
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    throw new Fault({
      blame: 'request',
      code: 'SCENARIO_UNKNOWN_PARAMETER',
      message: `the scenario ${scenario.name} has no parameter ${key}`,
      next: known.length > 0 ? `it has: ${known.join(', ')}` : 'it has none',
    });
  }
  const combinations = countCombinations(listAxes(scenario, given).map(([, values]) => values));
  requireWithin(limits, 'scenarios', combinations, `the matrix of ${scenario.name}`);
  return [...listVariants(scenario, given)].map((variant) => expandVariant(scenario, variant, limits));
}

/** One combination of the matrix. */
export interface Combination {
  /** The values of the matrix. */
  readonly axes: Values;
  /** All parameters, with those of the matrix. */
  readonly parameters: Values;
}

function listAxes({ matrix }: Scenario, given: Values): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(matrix).map(([key, values]) => [key, lookUp(given, key, values)]);
}

/** What is given for a name, as a list of one; or else the given list. */
function lookUp(given: Values, key: string, values: readonly string[]): readonly string[] {
  const pinned = Object.hasOwn(given, key) ? given[key] : undefined;
  return pinned === undefined ? values : [pinned];
}

/** Each combination of the matrix, one after the other. */
export function* listVariants(scenario: Scenario, given: Values): Generator<Combination> {
  const defaults = Object.entries(scenario.parameters).map(([key, value]) => {
    const [own = ''] = lookUp(given, key, [typeof value === 'object' ? value.default : value]);
    return [key, own] as const;
  });
  const axes = listAxes(scenario, given);
  const indices = axes.map(() => 0);
  for (;;) {
    const values = axes.map(([key, list], axis) => [key, list[indices[axis] ?? 0] ?? ''] as const);
    yield { axes: Object.fromEntries(values), parameters: Object.fromEntries([...defaults, ...values]) };
    // The last axis turns fastest, as the digits of a number do.
    let axis = axes.length - 1;
    while (axis >= 0 && (indices[axis] ?? 0) + 1 >= (axes[axis]?.[1].length ?? 0)) indices[axis--] = 0;
    if (axis < 0) return;
    indices[axis] = (indices[axis] ?? 0) + 1;
  }
}

/** A scenario without placeholders, or what is wrong with it and where. */
export type CheckedVariant =
  | { readonly ok: true; readonly scenario: Scenario }
  | {
      readonly ok: false;
      readonly problems: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
    };

/** Puts the values of parameters in the place of their placeholders, and checks what that gives. */
export function checkVariant(scenario: Scenario, parameters: Values): CheckedVariant {
  const { parameters: _parameters, matrix: _matrix, ...rest } = scenario;
  const replaced = replacePlaceholders(rest, parameters, scenario.name);
  // The same schema again: a parameter's value may not be what is asked for where it is used.
  const checked = scenarioSchema.safeParse(replaced);
  if (!checked.success) return { ok: false, problems: checked.error.issues };
  const labels = new Set<string>();
  for (const { step, path } of listSteps(checked.data)) {
    if (step.label === undefined) continue;
    if (labels.has(step.label)) {
      const message = `the label ${showName(step.label)} becomes that of another step: findings of the two would be taken for one`;
      return { ok: false, problems: [{ path: [...path, 'label'], message }] };
    }
    labels.add(step.label);
  }
  return { ok: true, scenario: checked.data };
}

function expandVariant(
  scenario: Scenario,
  { axes, parameters }: Combination,
  limits: Limits,
): SettledScenario {
  const checked = checkVariant(scenario, parameters);
  if (!checked.ok)
    throw badParameter(
      `${scenario.name}: a parameter does not fit where it is used`,
      checked.problems.map(({ path, message }) => `${path.join('.')}: ${message}`),
      parameters,
    );
  for (const { limit, count, what } of listQuantities(checked.scenario))
    requireWithin(limits, limit, count, `${what} of ${scenario.name}`);
  const suffix = nameVariant(axes);
  if (scenario.name.length + suffix.length > LONGEST_NAME)
    throw new Fault({
      blame: 'request',
      code: 'SCENARIO_BAD_PARAMETER',
      message: `the name ${scenario.name}${suffix.slice(0, 60)}… has more than ${LONGEST_NAME} characters, and a directory is called so`,
      next: 'use shorter values, or parameters where no matrix is needed',
    });
  return settleScenario(checked.scenario, { suffix, parameters });
}

function replacePlaceholders(value: unknown, parameters: Values, scenario: string): unknown {
  const replace = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(replace);
    if (typeof part === 'object' && part !== null)
      return Object.fromEntries(Object.entries(part).map(([key, one]) => [key, replace(one)]));
    return typeof part === 'string' ? replaceAllPlaceholders(part, read) : part;
  };
  const read = (key: string): string => {
    const found = Object.hasOwn(parameters, key) ? parameters[key] : undefined;
    if (found === undefined) throw badParameter(`${scenario}: there is no parameter ${key}`, [], parameters);
    if (listKeys(found).length > 0)
      throw badParameter(`${scenario}: the parameter ${key} has a placeholder in its value`, [], parameters);
    return found;
  };
  return replace(value);
}

function badParameter(message: string, problems: readonly string[], parameters: Values): Fault {
  const most = 20;
  const shown = JSON.stringify(parameters);
  return new Fault({
    blame: 'scenario',
    code: 'SCENARIO_BAD_PARAMETER',
    message: problems[0] === undefined ? message : `${message}: ${problems[0]}`,
    details: [
      ...problems.slice(1, most),
      ...(problems.length > most ? [`and ${problems.length - most} more`] : []),
      `parameters: ${shown.length > 500 ? `${shown.slice(0, 500)}…` : shown}`,
    ],
  });
}
