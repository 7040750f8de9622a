// SPDX-License-Identifier: MIT
// Makes: kernels: a definition read, its source fetched, its configuration settled, arms built into the cache.
// Needs: host, model, document.
// Never: touches a user's checkout, runs a shell string, or boots anything.
export type { BuildRequest } from './build.ts';
export { findStoredKernel, listModules } from './build.ts';
export type { BuildTree, BuildTreeOptions } from './build-tree.ts';
export { openBuildTree } from './build-tree.ts';
export type { LostOption, RequestedOption } from './config.ts';
export { findLostOptions, parseConfig, parseFragment, settleConfig } from './config.ts';
export type { KernelDefinition, KernelSource } from './definition.ts';
export { kernelDefinitionSchema, readKernelDefinition } from './definition.ts';
export { newDiagnostics, parseDiagnostics } from './diagnostic.ts';
export type { ChangedLines } from './text.ts';
export { findChangedLines, readSourceText } from './text.ts';
