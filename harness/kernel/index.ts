// SPDX-License-Identifier: MIT
// Makes: kernels: a definition read, its source fetched, its configuration settled, arms built into the cache; parts of a tree
// compiled alone, and checkpatch.
// Needs: host, debian, store, document, model.
// Never: writes to a user's checkout, or boots anything.

export { architectureOf } from './arch/index.ts';
export { findBuildFiles } from './build-files.ts';
export type { BuildTree } from './build-tree.ts';
export { openBuildTree } from './build-tree.ts';
export { findShippedFragment, isShippedName, listShippedFragments } from './config-fragment.ts';
export { layConfig, readConfigArguments } from './config-layer.ts';
export type { KernelDefinition } from './definition.ts';
export { readKernelDefinition } from './definition.ts';
export { kernelDefinitionSchema } from './definition-schema.ts';
export { newDiagnostics } from './diagnostic.ts';
export { parseConfig, readWholeConfig } from './fragment.ts';
export { findStoredGuestModule, lackedByGuestModule, requireGuestModules } from './guest-modules.ts';
export { locateSource } from './locate-source.ts';
export { readRequestedOptions } from './requested-options.ts';
export { findStoredSelftests } from './selftests.ts';
export { knowsCommit } from './source.ts';
export { findStoredKernel, readStoredKernel } from './stored-kernel.ts';
export { findChangedLines, readSourceText } from './text.ts';
export type { BuildChecks } from './toolchain.ts';
export { openToolchain, programsOf } from './toolchain.ts';
