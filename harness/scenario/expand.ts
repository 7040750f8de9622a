// SPDX-License-Identifier: MIT
import { Fault, type MachineNeeds } from '../model/index.ts';
import { type Scenario, scenarioSchema } from './language.ts';
import { PLACEHOLDER, toMs, toNumber } from './words.ts';

export type ParameterValue = string | number | boolean;

/** A scenario with every parameter settled: complete in itself, and JSON all through. */
export interface SettledScenario {
  readonly format: 1;
  /** Unique among the variants and fit for a file name: `race`, `race@ports=2`. */
  readonly name: string;
  /** The name without the variant. */
  readonly scenario: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly machine: MachineNeeds;
  readonly modules: Scenario['modules'];
  readonly l2: Readonly<Record<string, { readonly kernel: string; readonly image: string }>>;
  readonly setup: Scenario['setup'];
  readonly steps: Scenario['steps'];
  readonly expect: Scenario['expect'];
  readonly cleanup: Scenario['cleanup'];
  /** `never`: each trial boots its own machine. */
  readonly clone: Scenario['clone'];
  readonly repeats: number;
  /** For the whole trial on a fast machine. */
  readonly timeoutMs: number;
}

/**
 * One settled scenario for each combination of the matrix. `given` replaces defaults and pins axes of the matrix.
 * Fault `SCENARIO_UNKNOWN_PARAMETER` (blame request) or `SCENARIO_BAD_PARAMETER` (blame scenario).
 */
export function expandScenario(
  scenario: Scenario,
  given: Readonly<Record<string, ParameterValue>> = {},
): readonly SettledScenario[] {
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
  const defaults = Object.fromEntries(
    Object.entries(scenario.parameters).map(([key, value]) => [
      key,
      given[key] ?? (typeof value === 'object' ? value.default : value),
    ]),
  );
  const axes = Object.entries(scenario.matrix).map(
    ([key, values]) => [key, given[key] === undefined ? values : [given[key]]] as const,
  );
  return combine(axes).map((variant) => settle(scenario, { ...defaults, ...variant }, variant));
}

function combine(
  axes: readonly (readonly [string, readonly ParameterValue[]])[],
): readonly Readonly<Record<string, ParameterValue>>[] {
  return axes.reduce<Record<string, ParameterValue>[]>(
    (all, [key, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
    [{}],
  );
}

function settle(
  scenario: Scenario,
  parameters: Readonly<Record<string, ParameterValue>>,
  variant: Readonly<Record<string, ParameterValue>>,
): SettledScenario {
  const { parameters: _written, matrix: _axes, ...rest } = scenario;
  const replaced = replace(rest, parameters, scenario.name);
  const checked = scenarioSchema.safeParse(replaced);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new Fault({
      blame: 'scenario',
      code: 'SCENARIO_BAD_PARAMETER',
      message: `${scenario.name}: with the parameters ${JSON.stringify(parameters)}, ${issue?.path.join('.')}: ${issue?.message}`,
    });
  }
  const { data } = checked;
  const suffix = Object.entries(variant)
    .map(([key, value]) => `@${key}=${String(value).replace(/[^A-Za-z0-9._-]+/g, '_')}`)
    .join('');
  return {
    format: 1,
    name: `${data.name}${suffix}`,
    scenario: data.name,
    description: data.description,
    tags: data.tags,
    parameters,
    machine: data.machine,
    modules: data.modules,
    l2: data.l2,
    setup: data.setup,
    steps: data.steps,
    expect: data.expect,
    cleanup: data.cleanup,
    clone: data.clone,
    repeats: toNumber(data.repeats),
    timeoutMs: toMs(data.timeout),
  };
}

function replace(
  value: unknown,
  parameters: Readonly<Record<string, ParameterValue>>,
  scenario: string,
): unknown {
  if (Array.isArray(value)) return value.map((one) => replace(one, parameters, scenario));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, replace(one, parameters, scenario)]),
    );
  if (typeof value !== 'string') return value;
  const look = (key: string): ParameterValue => {
    const found = parameters[key];
    if (found !== undefined) return found;
    throw new Fault({
      blame: 'scenario',
      code: 'SCENARIO_BAD_PARAMETER',
      message: `${scenario}: \${{${key}}} is used, and there is no such parameter`,
    });
  };
  // A placeholder alone keeps its parameter's type: a number stays a number.
  const alone = new RegExp(`^${PLACEHOLDER.source}$`).exec(value);
  if (alone) return look(alone[1] as string);
  return value.replaceAll(PLACEHOLDER, (_all, key: string) => String(look(key)));
}
