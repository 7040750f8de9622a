// SPDX-License-Identifier: MIT
// Makes: a Series out of mailboxes, patch directories and git ranges; commits on a tree out of a Series.
// Needs: host (git), model, postal-mime.
// Never: changes a user's checkout, or leaves half an application behind.
export { applySeries, lastPatchTouching } from './apply.ts';
export { readSeries } from './read.ts';
export type { SeriesSource } from './source.ts';
