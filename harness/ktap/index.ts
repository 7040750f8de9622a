// SPDX-License-Identifier: MIT
// Makes: the tests of a KTAP or TAP log as a tree, and as a list of tests by name.
// Needs: model.
// Never: reads a file, runs a test, or judges a kernel.
export { listSubtests } from './flatten.ts';
export { KtapParser, parseKtap } from './parse.ts';
export type { Ktap, KtapTest } from './tree.ts';
