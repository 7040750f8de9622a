// SPDX-License-Identifier: MIT
// Makes: root file systems for machines, the overlay and keys of each run, the root of a VM inside the guest.
// Needs: host, model, document.
// Never: needs root, or starts a machine.
export type { BakeOptions } from './bake.ts';
export { bakeImage, findStoredImage } from './bake.ts';
export type { RunKeys } from './keys.ts';
export { makeKeys } from './keys.ts';
export { bakeL2Root } from './l2.ts';
export type { DataDiskContent, OverlayContent, OverlayFile } from './overlay.ts';
export { bakeDataDisk, bakeOverlay } from './overlay.ts';
export { imageRecipeSchema, readImageRecipe } from './recipe.ts';
