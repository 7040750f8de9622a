// SPDX-License-Identifier: MIT
import { type Finding, findExplained, type Splat } from '../model/index.ts';
import { toRegExp } from './scalar.ts';
import type { ExpectedSplat, SettledScenario } from './settled.ts';

/** Whether a splat has the title that is expected, or would have it if somebody else named it. */
function fits(expected: ExpectedSplat, splat: Splat): boolean {
  const titles = [splat.title, ...splat.alternatives];
  if (expected.title !== null) return titles.includes(expected.title);
  const { matches } = expected;
  return matches !== null && titles.some((title) => toRegExp(matches).test(title));
}

/**
 * Compares the log with the scenario's expectations: each splat that is neither expected nor allowed is a finding,
 * unless it follows from one that is a finding itself; so is each expected splat that did not come. One finding a
 * signature.
 */
export function findUnexpectedSplats(settled: SettledScenario, splats: readonly Splat[]): readonly Finding[] {
  const { splats: expected, allow } = settled.expect;
  const findings: Finding[] = [];
  const isFinding = (splat: Splat) => ![...expected, ...allow].some((one) => fits(one, splat));
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
    if (splats.some((splat) => fits(one, splat))) continue;
    const what = one.title ?? `/${one.matches}/`;
    findings.push({
      kind: 'expectation',
      signature: `expectation:${settled.name}:dmesg:${what}`,
      title: `the expected splat did not come: ${what}`,
      step: null,
      details: [`expected because: ${one.why}`],
      splat: null,
    });
  }
  return findings;
}
