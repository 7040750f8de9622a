// SPDX-License-Identifier: MIT
import { RE2JS } from 're2js';
import { z } from 'zod';
import { Fault } from '../model/index.ts';
import { findForeignSyntax } from './pattern-syntax.ts';
import { listKeys, replaceAllPlaceholders } from './placeholder.ts';

/** A regular expression of a scenario, compiled. Matching takes time in proportion to the text, whatever the text is. */
export interface Pattern {
  /** Whether it matches somewhere in the text. Fault `SCENARIO_PATTERN_TOO_COSTLY` (scenario). */
  test(text: string): boolean;
}

/** A longer pattern is a program. */
const LONGEST_PATTERN = 2000;
/** States of a compiled pattern. Each may cost some nanoseconds for each character. */
const MOST_STATES = 1000;
/** States times characters: in the worst case some seconds. */
const MOST_WORK = 5e8;

const ENGINE_WORDS: readonly (readonly [RegExp, (what: string) => string])[] = [
  [/^missing closing \]/, () => 'a [ has no ]'],
  [/^missing closing \)/, () => 'a ( has no )'],
  [/^unexpected \)/, () => 'a ) has no ('],
  [/^missing argument to repetition operator/, (what) => `there is nothing to repeat before ${what}`],
  [/^invalid nested repetition operator/, (what) => `${what} repeats a repetition: use a group, (?:…)`],
  [/^invalid repeat count/, (what) => `${what} is no repeat count, or gives more than 1000 repetitions`],
  [/^invalid escape sequence/, (what) => `${what} has no meaning: a backslash goes before punctuation only`],
  [/^invalid character class range/, (what) => `${what} is no range or class of characters`],
  [/^trailing backslash/, () => 'nothing follows the last backslash'],
  [/^duplicate capture group name/, (what) => `the group ${what} is there twice`],
  [/^expression (?:nests too deeply|too large)/, () => 'it nests too deeply or is too large'],
];

/** What is wrong with a pattern, in words; null when nothing is. */
export function findPatternFault(text: string): string | null {
  if (text.length > LONGEST_PATTERN)
    return `got a pattern of ${text.length} characters, expected at most ${LONGEST_PATTERN}`;
  const foreign = findForeignSyntax(text);
  if (foreign !== null) return `this is not a regular expression of RE2: ${foreign}`;
  try {
    const states = RE2JS.compile(text, RE2JS.MULTILINE).programSize();
    if (states <= MOST_STATES) return null;
    return `this pattern has ${states} states, expected at most ${MOST_STATES}: use fewer or smaller repeat counts`;
  } catch (error) {
    return `this is not a regular expression of RE2: ${describeRefusal(error)}`;
  }
}

function describeRefusal(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, reason = message, what = ''] = /^error parsing regexp: (.*?)(?:: `(.*)`)?$/s.exec(message) ?? [];
  const place = what.replace(/^\(\?m\)/, '').slice(0, 40);
  const known = ENGINE_WORDS.find(([words]) => words.test(reason));
  return known ? known[1](place) : `${reason}${place === '' ? '' : `: ${place}`}`;
}

/**
 * Compiles a pattern that the schema accepted; `^` and `$` match at every line. This is the only place in which a
 * pattern of a scenario becomes a program.
 */
export function compilePattern(text: string): Pattern {
  const program = RE2JS.compile(text, RE2JS.MULTILINE);
  const mostCharacters = Math.floor(MOST_WORK / program.programSize());
  return {
    test(subject) {
      if (subject.length > mostCharacters)
        throw new Fault({
          blame: 'scenario',
          code: 'SCENARIO_PATTERN_TOO_COSTLY',
          message: `got a text of ${subject.length} characters for the pattern /${text}/, expected at most ${mostCharacters} for a pattern of that size`,
          next: 'let the command print less, such as through grep or tail, or use a simpler pattern',
        });
      return program.test(subject);
    },
  };
}

/** A regular expression as RE2 has it, without slashes; `^` and `$` match at every line. */
export const pattern = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    // A placeholder stands for a part that is not known yet; the expanded scenario is checked again.
    const message = findPatternFault(replaceAllPlaceholders(text, () => 'x'));
    if (message !== null)
      context.addIssue({ code: 'custom', message, params: { code: 'WRONG_FORM' }, input: text });
  })
  .meta({ description: 'a regular expression of RE2, without slashes around it' });

/** What a pattern that allows everything matches: nothing, and titles that have nothing in common. */
const UNLIKE = ['', 'WARNING in f', 'KASAN: slab-use-after-free Read in g', 'x', '~ 1\n#'];

/** Whether a pattern matches every text, so that asking for it asks for nothing. */
export function matchesEverything(text: string): boolean {
  if (listKeys(text).length > 0) return false;
  const { test } = compilePattern(text);
  return UNLIKE.every(test);
}

const TITLES = [
  'WARNING in f',
  'KASAN: slab-use-after-free Read in g',
  'BUG: unable to handle kernel paging request in h',
  'INFO: task hung in f',
  'kernel panic: out of memory',
  'general protection fault in g',
  'possible deadlock in h',
];

/** Whether a pattern matches the titles of splats that have nothing in common. */
export function matchesEveryTitle(text: string): boolean {
  if (listKeys(text).length > 0) return false;
  const { test } = compilePattern(text);
  return TITLES.every(test);
}
