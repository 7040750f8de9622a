// SPDX-License-Identifier: MIT
import { type Diagnostic, type DocumentPath, type Source, showName } from '../document/index.ts';
import { LIMITS, type Limits } from '../model/index.ts';
import { checkVariant, listVariants } from './expand.ts';
import type { Scenario } from './language.ts';
import { CHECK_RULES } from './lint-checks.ts';
import { NAME_RULES } from './lint-names.ts';
import { SENSE_RULES } from './lint-sense.ts';
import { LONGEST_NAME, nameValue } from './name-variant.ts';
import { listQuantities } from './quantity.ts';
import type { Rule } from './rule.ts';
import { listSteps, type PlacedStep } from './walk.ts';

const RULES: readonly Rule[] = [...NAME_RULES, ...SENSE_RULES, ...CHECK_RULES, lintQuantities, lintMatrix];

/** Finds what a schema cannot see: in names, in numbers that have a bound, and in what can prove nothing. */
export function findProblems(scenario: Scenario, source: Source, limits: Limits): readonly Diagnostic[] {
  const placed = listSteps(scenario);
  return RULES.flatMap((rule) => rule(scenario, placed, source, limits));
}

function lintQuantities(
  scenario: Scenario,
  _placed: readonly PlacedStep[],
  source: Source,
  limits: Limits,
): readonly Diagnostic[] {
  return listQuantities(scenario)
    .filter(({ limit, count }) => count > limits[limit])
    .map(({ limit, count, what, path }) => {
      const message = `${what}: got ${count} ${LIMITS[limit].unit}, expected at most ${limits[limit]}: --limit ${limit}=${count} allows it`;
      return source.diagnose('error', 'OUT_OF_RANGE', message, path);
    });
}

/** Each combination gets a name, which becomes a directory's. */
function lintMatrix(
  { name, matrix }: Scenario,
  _placed: readonly PlacedStep[],
  source: Source,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  let longest = name.length;
  for (const [axis, values] of Object.entries(matrix)) {
    const seen = new Map<string, string>();
    for (const [index, value] of values.entries()) {
      const named = nameValue(value);
      const before = seen.get(named);
      if (before !== undefined) {
        const message =
          before === value
            ? `the value ${showName(value)} is there twice`
            : `the values ${showName(before)} and ${showName(value)} give scenarios of the same name, @${axis}=${named}`;
        found.push(source.diagnose('error', 'DUPLICATE_NAME', message, ['matrix', axis, index]));
      }
      seen.set(named, value);
    }
    longest += axis.length + 2 + [...seen.keys()].reduce((most, one) => Math.max(most, one.length), 0);
  }
  if (longest > LONGEST_NAME) {
    const message = `a combination gets a name of ${longest} characters, expected at most ${LONGEST_NAME}: use shorter values`;
    found.push(source.diagnose('error', 'OUT_OF_RANGE', message, ['matrix']));
  }
  return found;
}

/** More combinations than these are looked at when they are run. */
const MOST_VARIANTS = 100;

/** Finds what is wrong once the placeholders have the values that the scenario gives. */
export function findExpandedProblems(scenario: Scenario, source: Source): readonly Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  const add = (message: string, path: DocumentPath) => {
    const key = path.join('\0');
    if (!found.has(key)) found.set(key, source.diagnose('error', 'CONTRADICTION', message, path));
  };
  let count = 0;
  for (const { parameters } of listVariants(scenario, {})) {
    if (count === MOST_VARIANTS) break;
    count += 1;
    const checked = checkVariant(scenario, parameters);
    if (checked.ok) continue;
    for (const { path, message } of checked.problems)
      add(`a parameter does not fit here: ${message}`, path as DocumentPath);
  }
  return [...found.values()];
}
