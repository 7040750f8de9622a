// SPDX-License-Identifier: MIT
import { Fault } from '../model/index.ts';
import { type ParameterValue, type Scenario, scenarioSchema } from './language.ts';
import { PLACEHOLDER } from './scalar.ts';
import { settleScenario } from './settle.ts';
import type { SettledScenario } from './settled.ts';

type Values = Readonly<Record<string, ParameterValue>>;

/**
 * One settled scenario for each combination of the matrix. `given` replaces defaults and pins axes of the matrix.
 * Fault `SCENARIO_UNKNOWN_PARAMETER` (request) or `SCENARIO_BAD_PARAMETER` (scenario).
 */
export function expandScenario(scenario: Scenario, given: Values = {}): readonly SettledScenario[] {
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
  const lookUp = (key: string): ParameterValue | undefined =>
    Object.hasOwn(given, key) ? given[key] : undefined;
  const defaults = Object.fromEntries(
    Object.entries(scenario.parameters).map(([key, value]) => [
      key,
      lookUp(key) ?? (typeof value === 'object' ? value.default : value),
    ]),
  );
  const axes = Object.entries(scenario.matrix).map(([key, values]) => {
    const pinned = lookUp(key);
    return [key, pinned === undefined ? values : [pinned]] as const;
  });
  return combine(axes).map((variant) => expandVariant(scenario, { ...defaults, ...variant }, variant));
}

function combine(axes: readonly (readonly [string, readonly ParameterValue[]])[]): readonly Values[] {
  return axes.reduce<Values[]>(
    (all, [key, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
    [{}],
  );
}

function expandVariant(scenario: Scenario, parameters: Values, variant: Values): SettledScenario {
  const { parameters: _parameters, matrix: _matrix, ...rest } = scenario;
  const replaced = replacePlaceholders(rest, parameters, scenario.name);
  // The same schema again: a parameter's value may not be what is asked for where it is used.
  const checked = scenarioSchema.safeParse(replaced);
  if (!checked.success)
    throw badParameter(
      `${scenario.name}: a parameter does not fit where it is used`,
      checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
      parameters,
    );
  const suffix = Object.entries(variant)
    .map(([key, value]) => `@${key}=${String(value).replace(/[^A-Za-z0-9._-]+/g, '_')}`)
    .join('');
  return settleScenario(checked.data, { suffix, parameters });
}

function replacePlaceholders(value: unknown, parameters: Values, scenario: string): unknown {
  const replace = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(replace);
    if (typeof part === 'object' && part !== null)
      return Object.fromEntries(Object.entries(part).map(([key, one]) => [key, replace(one)]));
    return typeof part === 'string' ? replaceIn(part, lookUp) : part;
  };
  const lookUp = (key: string): ParameterValue => {
    const found = Object.hasOwn(parameters, key) ? parameters[key] : undefined;
    if (found === undefined) throw badParameter(`${scenario}: there is no parameter ${key}`, [], parameters);
    if (typeof found === 'string' && found.search(PLACEHOLDER) >= 0)
      throw badParameter(`${scenario}: the parameter ${key} has a placeholder in its value`, [], parameters);
    return found;
  };
  return replace(value);
}

/** A placeholder alone keeps its parameter's type: a number stays a number. */
function replaceIn(text: string, lookUp: (key: string) => ParameterValue): ParameterValue {
  const [, alone] = new RegExp(`^${PLACEHOLDER.source}$`).exec(text) ?? [];
  if (alone !== undefined) return lookUp(alone);
  return text.replaceAll(PLACEHOLDER, (_all, key: string) => String(lookUp(key)));
}

function badParameter(message: string, problems: readonly string[], parameters: Values): Fault {
  return new Fault({
    blame: 'scenario',
    code: 'SCENARIO_BAD_PARAMETER',
    message: problems[0] === undefined ? message : `${message}: ${problems[0]}`,
    details: [...problems.slice(1), `parameters: ${JSON.stringify(parameters)}`],
  });
}
