// SPDX-License-Identifier: MIT
import { makeGate } from './gate.ts';
import { HEADLINE_WORDS } from './kind.ts';
import { ALL_CPU_TRACES, BOOT_MARK, CONSOLE_LOST } from './kinds/body.ts';
import { FIRMWARE_WORDS, INFORMATIVE_TRACES } from './kinds/headline.ts';

/** Finds the first words between two places that may make a line matter outside of a report; the second place if there are none. */
export const findWords = makeGate([
  ...HEADLINE_WORDS,
  ...INFORMATIVE_TRACES,
  ...FIRMWARE_WORDS,
  BOOT_MARK,
  CONSOLE_LOST,
  ALL_CPU_TRACES,
]);
