// SPDX-License-Identifier: MIT
// Makes: splats out of kernel logs: found, named, their traces read, signed for comparison.
// Needs: model.
// Never: sees a machine, a file or a clock.
export { findMissingSplats } from './evidence.ts';
export type { Grade, GradeRow } from './grade.ts';
export { formatGrade, gradeLog, sumGrade } from './grade.ts';
export type { OptionalKind } from './kinds/family.ts';
export { OPTIONAL_KIND_NAMES } from './kinds/optional.ts';
export type { KmsgGap, KmsgLog } from './kmsg.ts';
export { readKmsg } from './kmsg.ts';
export type { Scanner, ScannerOptions } from './scan.ts';
export { createScanner, isPanicLine, scanLog } from './scan.ts';
export { SIGNATURE_VERSION } from './signature.ts';
