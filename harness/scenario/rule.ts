// SPDX-License-Identifier: MIT
import type { Diagnostic, Source } from '../document/index.ts';
import type { Limits } from '../model/index.ts';
import type { Scenario } from './language.ts';
import type { PlacedStep } from './walk.ts';

/** Looks for one kind of problem. */
export type Rule = (
  scenario: Scenario,
  placed: readonly PlacedStep[],
  source: Source,
  limits: Limits,
) => readonly Diagnostic[];
