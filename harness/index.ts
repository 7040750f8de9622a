// SPDX-License-Identifier: MIT
// What programs that use ktrial as a library may import. Everything else may change without notice.
export { exitCodeOfState, readRun } from './campaign/index.ts';
export * from './model/index.ts';
export { REPORTERS } from './report/index.ts';
export { expandScenario, lintScenario, parseScenario } from './scenario/index.ts';
export { readSeries } from './series/index.ts';
export { createScanner, SIGNATURE_VERSION, scanLog } from './splat/index.ts';
