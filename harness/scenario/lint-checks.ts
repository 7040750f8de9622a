// SPDX-License-Identifier: MIT
import type { Diagnostic } from '../document/index.ts';
import type { Scenario } from './language.ts';
import type { Rule } from './rule.ts';
import { toMs } from './scalar.ts';
import type { PlacedStep } from './walk.ts';

/** Finds limits that no step can keep, and checks that have nothing to compare with. */
export const CHECK_RULES: readonly Rule[] = [lintWithin, lintEarly];

function lintWithin(
  _scenario: Scenario,
  placed: readonly PlacedStep[],
  source: Parameters<Rule>[2],
): readonly Diagnostic[] {
  return placed.flatMap(({ step, kind, body, path }) => {
    const waits = kind.waits?.(body);
    if (step.within === undefined || waits === undefined || !(toMs(waits) >= toMs(step.within))) return [];
    const message = `the step takes ${waits}, and it may take ${step.within}: it can never pass`;
    return [source.diagnose('warning', 'PROVES_NOTHING', message, [...path, 'within'])];
  });
}

/** What these compare with is noted after the setup. */
const COMPARING = ['iommuGroups', 'kmemleak'] as const;

function lintEarly(
  _scenario: Scenario,
  placed: readonly PlacedStep[],
  source: Parameters<Rule>[2],
): readonly Diagnostic[] {
  return placed.flatMap(({ kind, body, path }) =>
    kind.kind !== 'check' || path[0] !== 'setup'
      ? []
      : COMPARING.filter((key) => (body as Readonly<Record<string, unknown>>)[key] !== undefined).map(
          (key) => {
            const message = `${key} compares with what is there after the setup: it cannot be checked in the setup`;
            return source.diagnose('error', 'CONTRADICTION', message, [...path, kind.kind, key], 'key');
          },
        ),
  );
}
