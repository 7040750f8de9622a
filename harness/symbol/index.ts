// SPDX-License-Identifier: MIT
// Makes: source file, line and inlined frames for the frames of a splat, the source text round the culprit's; the functions
// that a series changes; sizes of structs and sections.
// Needs: host (git, nm, readelf, addr2line or llvm-symbolizer), model.
// Never: guesses between two functions, or fails a splat for want of debug information.
export { findChangedFunctions } from './changed-functions.ts';
export type { SourceText } from './quote.ts';
export { quoteSource, quoteTouched } from './quote.ts';
export { measureSection, measureStruct } from './size.ts';
export { openSymbolisers } from './splat.ts';
