// SPDX-License-Identifier: MIT
import type { Diagnostic, DocumentPath, Source } from '../document/index.ts';
import { toList } from './expectation.ts';
import type { Scenario } from './language.ts';
import { compilePattern, matchesEveryTitle, matchesEverything } from './pattern.ts';
import { listKeys } from './placeholder.ts';
import type { Rule } from './rule.ts';
import { toMs } from './scalar.ts';
import type { PlacedStep } from './walk.ts';

/** Finds what is correct and can prove nothing: it can never fail, or never pass. */
export const SENSE_RULES: readonly Rule[] = [lintEmpty, lintTexts, lintSplats, lintTimes, lintCpus];

function warn(source: Source, message: string, path: DocumentPath): Diagnostic {
  return source.diagnose('warning', 'PROVES_NOTHING', message, path);
}

function lintEmpty(
  { kind: scenarioKind, steps, expect }: Scenario,
  placed: readonly PlacedStep[],
  source: Source,
): readonly Diagnostic[] {
  const whole =
    scenarioKind !== 'static' && steps.length === 0 && expect.state.length === 0
      ? [warn(source, 'there is no step: the scenario tests only that the kernel boots', ['steps'])]
      : [];
  const inner = placed.flatMap(({ kind, body, path }) =>
    (kind.inner?.(body) ?? [])
      .filter((list) => list.steps.length === 0)
      .map((list) => warn(source, 'an empty list of steps does nothing', [...path, kind.kind, ...list.path])),
  );
  return [...whole, ...inner];
}

/** The clauses that describe a text, wherever a step has them. */
interface Clauses {
  readonly path: DocumentPath;
  readonly equals?: string | undefined;
  readonly matches?: string | readonly string[] | undefined;
  readonly lacks?: string | undefined;
  readonly everyLine?: string | undefined;
}

function* findClauses(value: unknown, path: DocumentPath): Generator<Clauses> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const clauses = value as Clauses;
  if (['equals', 'matches', 'lacks', 'everyLine'].some((key) => Object.hasOwn(value, key)))
    yield { ...clauses, path };
  for (const [key, one] of Object.entries(value)) yield* findClauses(one, [...path, key]);
}

function lintTexts(
  { expect }: Scenario,
  placed: readonly PlacedStep[],
  source: Source,
): readonly Diagnostic[] {
  const clauses = [
    // Steps inside a step are placed themselves.
    ...placed.flatMap(({ kind, body, path }) =>
      kind.inner ? [] : [...findClauses(body, [...path, kind.kind])],
    ),
    ...expect.state.flatMap((one, index) => [...findClauses(one, ['expect', 'state', index])]),
  ];
  return clauses.flatMap((one) => lintClauses(one, source));
}

function lintClauses(
  { equals, matches, lacks, everyLine, path }: Clauses,
  source: Source,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const add = (message: string, ...place: DocumentPath) =>
    found.push(warn(source, message, [...path, ...place]));
  const wanted = toList(matches ?? []).map((pattern, index) => ({
    pattern,
    place: typeof matches === 'string' ? ['matches'] : ['matches', index],
  }));
  const isAny = (pattern: string | undefined) => pattern !== undefined && matchesEverything(pattern);
  for (const { pattern, place } of wanted)
    if (isAny(pattern)) add('every text matches this: it can never fail', ...place);
  if (isAny(everyLine)) add('every line matches this: it can never fail', 'everyLine');
  if (isAny(lacks)) add('every text matches this: it can never pass', 'lacks');
  else if (lacks !== undefined && wanted.some(({ pattern }) => pattern === lacks))
    add('the text must match this and must not: it can never pass', 'lacks');
  if (equals === undefined || listKeys(equals).length > 0) return found;
  const isMet = (pattern: string, text: string) =>
    listKeys(pattern).length > 0 ? null : compilePattern(pattern).test(text);
  for (const { pattern, place } of wanted)
    if (isMet(pattern, equals) === false && isMet(pattern, `${equals}\n`) === false)
      add('the text that is expected does not match this: it can never pass', ...place);
  if (lacks !== undefined && !isAny(lacks) && isMet(lacks, equals.trim()) === true)
    add('the text that is expected matches this: it can never pass', 'lacks');
  return found;
}

function lintSplats(
  { expect }: Scenario,
  _placed: readonly PlacedStep[],
  source: Source,
): readonly Diagnostic[] {
  const expected = expect.dmesg === 'clean' ? [] : expect.dmesg.splats;
  const check = (path: DocumentPath) => (one: { readonly matches?: string | undefined }, index: number) =>
    one.matches !== undefined && matchesEveryTitle(one.matches)
      ? [
          warn(source, 'this matches every splat: whatever the kernel complains of is taken for it', [
            ...path,
            index,
            'matches',
          ]),
        ]
      : [];
  return [
    ...expected.flatMap(check(['expect', 'dmesg', 'splats'])),
    ...expect.allow.flatMap(check(['expect', 'allow'])),
  ];
}

/** What takes longer than the scenario may is cut short. */
function lintTimes(
  { timeout }: Scenario,
  placed: readonly PlacedStep[],
  source: Source,
): readonly Diagnostic[] {
  const limitMs = toMs(timeout);
  const found: Diagnostic[] = [];
  let sumMs = 0;
  for (const { kind, body, path } of placed) {
    const time = kind.waits?.(body);
    const ms = time === undefined ? Number.NaN : toMs(time);
    if (Number.isNaN(ms) || Number.isNaN(limitMs) || path[0] === 'cleanup') continue;
    // Steps inside a loop or beside one another take more or less than their sum.
    if (path.length === 2) sumMs += ms;
    if (ms >= limitMs || (path.length === 2 && sumMs >= limitMs))
      found.push(
        warn(
          source,
          `with this the scenario waits for ${Math.max(ms, path.length === 2 ? sumMs : 0) / 1000} s, and it may take ${limitMs / 1000} s: it cannot end in time`,
          [...path, kind.kind],
        ),
      );
  }
  return found;
}

/** A step that needs more CPUs than its machine has cannot begin. */
function lintCpus(
  { machine }: Scenario,
  placed: readonly PlacedStep[],
  source: Source,
): readonly Diagnostic[] {
  return placed.flatMap(({ kind, body, path }) => {
    const cpus = kind.cpus?.(body) ?? 1;
    if (cpus <= machine.cpus) return [];
    const message = `this needs ${cpus} CPUs, and the machine has ${machine.cpus}: it cannot begin`;
    return [warn(source, message, [...path, kind.kind])];
  });
}
