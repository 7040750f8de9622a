// SPDX-License-Identifier: MIT
// Makes: programs behind the Makefile's verbs: test runner, golden logs, kill test, mutation test, soak, races.
// Needs: what they test, and testing.
// Never: is imported by anything.
export {};
