// SPDX-License-Identifier: MIT
import type { Finding, Splat } from '../model/index.ts';
import { toRegExp } from './scalar.ts';
import type { ExpectedSplat, SettledScenario } from './settled.ts';

function fits(expected: ExpectedSplat, splat: Splat): boolean {
  if (expected.title !== null) return splat.title === expected.title;
  return expected.matches !== null && toRegExp(expected.matches).test(splat.title);
}

/**
 * What the log shows against the scenario's word: each complaint that is no consequence of another, and is neither
 * expected nor allowed; and each expected one that did not come. One finding a signature.
 */
export function findUnexpectedSplats(settled: SettledScenario, splats: readonly Splat[]): readonly Finding[] {
  const { splats: expected, allow } = settled.expect;
  const findings: Finding[] = [];
  for (const [index, splat] of splats.entries()) {
    if (splat.follows !== null || [...expected, ...allow].some((one) => fits(one, splat))) continue;
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
