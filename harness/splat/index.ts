// SPDX-License-Identifier: MIT
// Makes: splats out of kernel logs: found, named, their traces read, signed for comparison.
// Needs: model.
// Never: sees a machine, a file or a clock.
export { findMissingSplats } from './evidence.ts';
export { formatGrade, gradeLog } from './grade.ts';
export type { OptionalKind } from './kinds/family.ts';
export { OPTIONAL_KIND_NAMES } from './kinds/optional.ts';
export { readKmsg } from './kmsg.ts';
export { createScanner, scanLog } from './scan.ts';
export { SIGNATURE_VERSION } from './signature.ts';
