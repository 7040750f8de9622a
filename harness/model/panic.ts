// SPDX-License-Identifier: MIT

/** The words with which every panic begins. */
export const PANIC_WORDS = 'Kernel panic - not syncing';

/** The first line of a panic on a console, where lines have stamps: a program that prints the words is not meant. */
export const PANIC_BEGINS: RegExp = new RegExp(
  `^\\[ *\\d+\\.\\d+\\][^\\n]{0,40} (?<!end )${PANIC_WORDS}`,
  'm',
);

/** The last line of a panic on a console. */
export const PANIC_ENDS: RegExp = /^\[ *\d+\.\d+\][^\n]{0,40} ---\[ end Kernel panic/m;
