// SPDX-License-Identifier: MIT
import { type Finding, findExplained, type Splat } from '../model/index.ts';
import { toRegExp } from './scalar.ts';
import type { ExpectedSplat, SettledScenario } from './settled.ts';

function fits(expected: ExpectedSplat, splat: Splat): boolean {
  if (expected.title !== null) return splat.title === expected.title;
  return expected.matches !== null && toRegExp(expected.matches).test(splat.title);
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
