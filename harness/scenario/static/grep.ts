// SPDX-License-Identifier: MIT
import { compilePattern } from '../pattern.ts';

/** The lines of a text that a pattern matches, counted from 1. Fault `SCENARIO_PATTERN_TOO_COSTLY` (scenario). */
export function findMatchingLines(pattern: string, text: string): readonly number[] {
  const { test } = compilePattern(pattern);
  return text.split('\n').flatMap((line, index) => (test(line) ? [index + 1] : []));
}
