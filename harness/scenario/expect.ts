// SPDX-License-Identifier: MIT
import { type Finding, findExplained, type Splat } from '../model/index.ts';
import { compilePattern } from './pattern.ts';
import type { ExpectedSplat, SettledScenario } from './settled.ts';

/** What a scenario expects of a log, with its patterns compiled once. */
export interface SplatExpectation {
  /** Whether the scenario neither expects nor allows the splat. */
  isUnexpected(splat: Splat): boolean;
  /**
   * Compares the log with the scenario's expectations: each splat that is neither expected nor allowed is a finding,
   * unless it follows from one that is a finding itself; so is each expected splat that did not come. One finding a
   * signature.
   */
  findUnexpected(splats: readonly Splat[]): readonly Finding[];
}

type Titled = Pick<Finding, 'title' | 'alternatives'>;
type Test = (one: Titled) => boolean;

/** Whether findings show the fault that a scenario is to reproduce; null where it names none. */
export function isReproduced(
  { reproduces }: Pick<SettledScenario, 'reproduces'>,
  findings: readonly Finding[],
): boolean | null {
  return reproduces ? findings.some(compileTest(reproduces)) : null;
}

/** Compiles what a scenario expects of a log. */
export function compileSplatExpectation(settled: SettledScenario): SplatExpectation {
  const expected = settled.expect.splats.map((one) => ({ ...one, fits: compileTest(one) }));
  const tests = [...expected.map((one) => one.fits), ...settled.expect.allow.map(compileTest)];
  const isUnexpected: Test = (splat) => !tests.some((fits) => fits(splat));
  return {
    isUnexpected,
    findUnexpected: (splats) => findUnexpected(settled.name, splats, expected, isUnexpected),
  };
}

function compileTest({ title, matches }: ExpectedSplat): Test {
  if (title !== null) return (one) => titlesOf(one).includes(title);
  if (matches === null) return () => false;
  const { test } = compilePattern(matches);
  return (one) => titlesOf(one).some(test);
}

/** Its title, and those that it would have if somebody else named it. */
function titlesOf({ title, alternatives = [] }: Titled): readonly string[] {
  return [title, ...alternatives];
}

function findUnexpected(
  scenario: string,
  splats: readonly Splat[],
  expected: readonly (ExpectedSplat & { readonly fits: Test })[],
  isFinding: Test,
): readonly Finding[] {
  const findings: Finding[] = [];
  const explained = findExplained(splats, isFinding);
  for (const [index, splat] of splats.entries()) {
    if (!isFinding(splat) || explained.has(splat)) continue;
    if (findings.some((one) => one.signature === splat.signature)) continue;
    findings.push({
      kind: 'splat',
      signature: splat.signature,
      title: splat.title,
      ...(splat.alternatives.length > 0 ? { alternatives: splat.alternatives } : {}),
      step: null,
      details: splat.frames
        .slice(0, 8)
        .map((frame) => `${frame.function}${frame.module ? ` [${frame.module}]` : ''}`),
      splat: index,
    });
  }
  for (const one of expected) {
    if (splats.some(one.fits)) continue;
    const what = one.title ?? `/${one.matches}/`;
    findings.push({
      kind: 'expectation',
      signature: `expectation:${scenario}:dmesg:${what}`,
      title: `the expected splat did not come: ${what}`,
      step: null,
      details: [`expected because: ${one.why}`],
      splat: null,
    });
  }
  return findings;
}
