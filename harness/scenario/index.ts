// SPDX-License-Identifier: MIT
// Makes: settled scenarios from YAML text, what performing one in a guest came to, and what of a log speaks against it.
// Needs: document, model.
// Never: reads a file, looks at a clock, or starts a machine: the stage that it is given has all of these.
export type { ParameterValue, SettledScenario } from './expand.ts';
export { expandScenario } from './expand.ts';
export { findUnexpectedSplats } from './expect.ts';
export { L2_DIRECTORY } from './l2.ts';
export type { Scenario } from './language.ts';
export { scenarioJsonSchema } from './language.ts';
export type { ParseResult } from './parse.ts';
export { lintScenario, parseScenario } from './parse.ts';
export type { Performance } from './perform.ts';
export { performScenario } from './perform.ts';
export type { Stage } from './step.ts';
