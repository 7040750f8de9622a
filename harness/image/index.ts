// SPDX-License-Identifier: MIT
// Makes: root file systems for machines, the overlay and keys of each run, the root of an L2.
// Needs: host, debian, store, document, model.
// Never: needs root, or starts a machine. It boots an L2 on this computer to save its state.
export { bakeImage } from './bake.ts';
export { makeKeys } from './keys.ts';
export { bakeL2Root, findL2Init } from './l2.ts';
export type { L2State, L2StateRequest } from './l2-state.ts';
export { saveL2State } from './l2-state.ts';
export type { OverlayFile } from './overlay.ts';
export { bakeDataDisk, bakeOverlay } from './overlay.ts';
export { findStoredImage } from './store.ts';
