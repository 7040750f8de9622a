// SPDX-License-Identifier: MIT
// Makes: the tests of a KTAP or TAP log as a tree, and as a list of tests by name.
// Needs: model.
// Never: reads a file, runs a test, or judges a kernel.
export { listSubtests } from './flatten.ts';
export { type Ktap, KtapParser, type KtapTest, parseKtap } from './parse.ts';
