// SPDX-License-Identifier: MIT
import type { DocumentPath } from '../document/index.ts';
import { kindOf, type Scenario } from './language.ts';
import type { Step, WrittenStep } from './step.ts';

/** A step with its place in the scenario. */
export interface PlacedStep {
  readonly step: WrittenStep;
  readonly kind: Step;
  readonly body: unknown;
  readonly path: DocumentPath;
}

/** Every step of a scenario and the steps inside them, in the order in which they are written. */
export function listSteps(scenario: Scenario): readonly PlacedStep[] {
  return [
    ...walk(scenario.setup, ['setup']),
    ...walk(scenario.steps, ['steps']),
    ...walk(scenario.cleanup, ['cleanup']),
  ];
}

function* walk(steps: readonly WrittenStep[], path: DocumentPath): Generator<PlacedStep> {
  for (const [index, step] of steps.entries()) {
    const here = [...path, index];
    const { kind, body } = kindOf(step);
    yield { step, kind, body, path: here };
    for (const list of kind.inner?.(body) ?? []) yield* walk(list.steps, [...here, kind.kind, ...list.path]);
  }
}
