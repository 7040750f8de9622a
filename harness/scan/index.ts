// SPDX-License-Identifier: MIT
// Makes: the complaints in logs that a user hands in: unpacked, decoded, counted, with source lines where a kernel is named.
// Needs: host, kernel, splat, symbol, model.
// Never: calls a log clean that it could not read.
export { gradeDirectories } from './grade.ts';
export { parseOptionalKinds } from './kinds.ts';
export type { LogKernel } from './log-kernel.ts';
export { findLogKernel, nameSourceLines } from './log-kernel.ts';
export type { LogScan, LogSource } from './read-log.ts';
export { openLogSource, readLog } from './read-log.ts';
