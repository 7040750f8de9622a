// SPDX-License-Identifier: MIT
// Makes: a Series from a mailbox, a directory of patches or a git range; applies it to a tree.
// Needs: host, model.
// Never: touches the user's checkout, or leaves a half-applied patch behind.
export { applySeries, lastPatchTouching } from './apply.ts';
export type { SubjectMark } from './message.ts';
export { parseSubject } from './message.ts';
export type { SeriesSource } from './read.ts';
export { readSeries } from './read.ts';
