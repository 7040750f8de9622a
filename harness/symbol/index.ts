// SPDX-License-Identifier: MIT
// Makes: source file, line and inlined frames for the frames of a splat, and the source text round the culprit's.
// Needs: host (nm, addr2line or llvm-symbolizer), model.
// Never: guesses between two functions, or fails a splat for want of debug information.
export type { CoverLines, SourceText } from './quote.ts';
export { findCulpritFrame, quoteSource } from './quote.ts';
export type { DebugKernel, Symbolisers } from './splat.ts';
export { openSymbolisers } from './splat.ts';
