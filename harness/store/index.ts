// SPDX-License-Identifier: MIT
// Makes: artifacts by digest, each a directory that exists whole or not at all and is checked whenever it is read.
// Needs: host, model.
// Never: knows what an artifact is for.
export type { ArtifactStore } from './artifact-store.ts';
export { openArtifactStore } from './artifact-store.ts';
export type { Artifact } from './manifest.ts';
export { isDigest, readArtifact } from './manifest.ts';
export { openOutputFiles } from './output-files.ts';
