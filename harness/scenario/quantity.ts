// SPDX-License-Identifier: MIT
import type { DocumentPath } from '../document/index.ts';
import type { LimitName } from '../model/index.ts';
import type { Scenario } from './language.ts';
import { toNumber } from './scalar.ts';
import { listSteps } from './walk.ts';

/** How many scenarios a matrix is, without expanding it. */
export function countCombinations(axes: readonly (readonly unknown[])[]): number {
  return axes.reduce((product, values) => Math.min(product * values.length, Number.MAX_SAFE_INTEGER), 1);
}

/** A number in a scenario that has a bound. */
export interface Quantity {
  readonly limit: LimitName;
  readonly count: number;
  readonly what: string;
  readonly path: DocumentPath;
}

/** The numbers in a scenario that have a bound. Those that a parameter gives are there once it is expanded. */
export function listQuantities(scenario: Scenario): readonly Quantity[] {
  const steps = listSteps(scenario);
  const matrix = countCombinations(Object.values(scenario.matrix));
  return [
    { limit: 'scenarios', count: matrix, what: 'the matrix', path: ['matrix'] },
    { limit: 'steps', count: steps.length, what: 'the scenario', path: ['steps'] },
    { limit: 'trials', count: toNumber(scenario.repeats), what: 'repeats', path: ['repeats'] },
    ...steps.flatMap(({ kind, body, path }) =>
      (kind.quantities?.(body) ?? []).map(
        (one): Quantity => ({
          limit: one.limit,
          count: toNumber(one.amount),
          what: one.limit,
          path: [...path, kind.kind, ...one.path],
        }),
      ),
    ),
  ];
}
