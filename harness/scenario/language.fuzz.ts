// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { formatDiagnostic } from '../document/index.ts';
import { fuzzTarget, mutate, PROJECT_ROOT } from '../testing/index.ts';
import { expandScenario, lintScenario, parseScenario, parseSettledScenario } from './index.ts';

const SCENARIOS = join(PROJECT_ROOT, 'scenarios');
/** The shipped scenarios that are short: a long one takes longer and shows no more. */
const TEXTS = readdirSync(SCENARIOS, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.yaml'))
  .map((path) => readFileSync(join(SCENARIOS, path), 'latin1'))
  .filter((text) => text.length < 1200)
  .slice(0, 60);
const WORDS = [
  ...[
    '&a ',
    '*a',
    '<<: *a\n',
    '!!binary ',
    '!!js/function ',
    '? ',
    '- ',
    ': ',
    '|\n',
    '>\n',
    '{',
    '}',
    '[',
    ']',
    '#',
    '---\n',
  ],
  ...[
    `\${{p}}`,
    `\${{`,
    `\${{ p-q }}`,
    `\${{constructor}}`,
    'steps:',
    'run: ',
    'matrix:\n  a: [1, 2]\n',
    'repeats: 1000000000\n',
  ],
  ...[
    'timeout: 99999m\n',
    'sleep: 1ms\n',
    'matches: "(a+)+$"\n',
    'matches: "(?=x)"\n',
    'equals: 5.10\n',
    '"\\ud800"',
    '0x10',
    '0o17',
  ],
];
const texts = mutate(fc.constantFrom(...TEXTS), WORDS);

/** Longer output about one file of a kilobyte is no help to anybody. */
const LONGEST_OUTPUT = 100_000;

export const FUZZ_TARGETS = [
  fuzzTarget('a scenario is read, or refused with diagnostics that fit a screen', 6, texts, (bytes) => {
    const text = Buffer.from(bytes, 'latin1').toString('utf8');
    const printed = lintScenario(text, 'x.yaml').map(formatDiagnostic).join('\n').length;
    return printed > LONGEST_OUTPUT ? `${printed} characters of diagnostics` : null;
  }),
  fuzzTarget(
    'a scenario that was read is expanded, and comes back from JSON as it was',
    3,
    texts,
    (bytes) => {
      const parsed = parseScenario(Buffer.from(bytes, 'latin1').toString('utf8'), 'x.yaml');
      if (!parsed.ok) return null;
      for (const settled of expandScenario(parsed.scenario, {})) {
        const json = JSON.stringify(settled);
        if (JSON.stringify(parseSettledScenario(JSON.parse(json))) !== json) return 'it changed on the way';
      }
      return null;
    },
  ),
];
