// SPDX-License-Identifier: MIT
// Makes: what a kernel tree's makefiles and Kconfig files say of a source file: which options compile it, and what these need.
// Needs: nothing but a reader of the tree's files, given from outside.
// Never: runs make, reads a disk, or knows what was really compiled.
export { classifyFile } from './classify.ts';
export {
  type ChangedFile,
  detectOptions,
  findChangedFiles,
  findModules,
  foreseeFile,
} from './subsystem.ts';
export type { TreeReader } from './tree.ts';
