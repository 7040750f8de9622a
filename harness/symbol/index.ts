// SPDX-License-Identifier: MIT
// Makes: source files and lines, with inlined frames, for the functions and offsets of call traces.
// Needs: host (nm, llvm-symbolizer, addr2line), model.
// Never: guesses: what debug information does not say stays as the kernel printed it.
export type { KernelFiles, KernelSymbols } from './kernel.ts';
export { openKernelSymbols, symboliseSplat } from './kernel.ts';
export type { AddressKind, Symboliser, SymboliserOptions } from './symboliser.ts';
export { openSymboliser } from './symboliser.ts';
