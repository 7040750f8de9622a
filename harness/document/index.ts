// SPDX-License-Identifier: MIT
// Makes: checked values from YAML text, or diagnostics for everything that is wrong, each with line, column and caret.
// Needs: model.
// Never: reads a file, or knows what the document is about.
export type { Diagnostic } from './diagnostic.ts';
export { faultOf, formatDiagnostic } from './diagnostic.ts';
export type { DocumentPath } from './issue.ts';
export { selectDiagnostics } from './most.ts';
export { showName } from './phrase.ts';
export type { ReadOptions, Source } from './read.ts';
export { readYaml } from './read.ts';
export { suggestName } from './suggest.ts';
