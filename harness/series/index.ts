// SPDX-License-Identifier: MIT
// Makes: a Series from mailboxes, patch directories and git ranges; a mailbox from a Series; commits on a tree.
// Needs: host (git), model, postal-mime.
// Never: changes a user's checkout, or leaves half an application behind.
export { applySeries, lastPatchTouching } from './apply.ts';
export { writeSeries } from './compose.ts';
export { readSeries } from './read.ts';
export { openWorkTree, type WorkTree } from './work-tree.ts';
