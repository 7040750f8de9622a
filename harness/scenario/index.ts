// SPDX-License-Identifier: MIT
// Makes: settled scenarios from YAML text; from one and a guest its performance; from one and a log its findings.
// Needs: document, ktap, model.
// Never: reads a file, looks at a clock, or starts a machine: the stage that it is given has all of these.
export { expandScenario } from './expand.ts';
export { compileSplatExpectation, isReproduced } from './expect.ts';
export { listGuestModules } from './guest-modules.ts';
export { parseKnownIssues } from './known-issues.ts';
export { listL2States } from './l2-states.ts';
export { COVERAGE_MODULE, MODULE_DIRECTORY } from './modules.ts';
export { lintScenario, parseScenario } from './parse.ts';
export type { Pattern } from './pattern.ts';
export type { Performance } from './perform.ts';
export { performScenario } from './perform.ts';
export { listSelftests } from './selftest-targets.ts';
export type { SettledScenario } from './settled.ts';
export { parseSettledScenario } from './settled.ts';
export type { StaticCheck } from './static/check.ts';
export { findMatchingLines } from './static/grep.ts';
export type { Sweep } from './sweep.ts';
export { sweepRaces } from './sweep.ts';
export { hasWiden } from './widened-steps.ts';
