// SPDX-License-Identifier: MIT
// Makes: the command line: parse, wire the rooms together, dispatch, exit.
// Needs: every room.
// Never: is imported by another room.
export {};
