// SPDX-License-Identifier: MIT
// Makes: source file, line and inlined frames for the frames of a splat, and the source text round the culprit's.
// Needs: host (nm, addr2line or llvm-symbolizer), model.
// Never: guesses between two functions, or fails a splat for want of debug information.
export type { SourceText } from './quote.ts';
export { quoteSource, quoteTouched } from './quote.ts';
export { openSymbolisers } from './splat.ts';
