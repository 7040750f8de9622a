// SPDX-License-Identifier: MIT
// Makes: source files and lines for the frames of a splat, inlined frames included.
// Needs: host, model.
// Never: reads a log or changes what a splat says.
export { choosePlace, parseNm } from './address.ts';
export type { SymbolSource } from './symbolise.ts';
export { symboliseSplat } from './symbolise.ts';
