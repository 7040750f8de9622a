// SPDX-License-Identifier: MIT
// Makes: the complaints and the tests in logs that a user hands in: unpacked, decoded, counted, with source lines where a
// kernel is named.
// Needs: host, kernel, ktap, splat, symbol, model.
// Never: calls a log clean that it could not read.
export { followLog, openGrowingLog } from './follow-log.ts';
export { gradeDirectories } from './grade.ts';
export { complaintJson, scanJson } from './json.ts';
export { parseOptionalKinds } from './kinds.ts';
export type { LogKernel } from './log-kernel.ts';
export { findLogKernel, nameSourceLines } from './log-kernel.ts';
export type { LogPlace, LogScan, LogSource } from './read-log.ts';
export { openLogSource, readLog } from './read-log.ts';
export { readTests } from './read-tests.ts';
