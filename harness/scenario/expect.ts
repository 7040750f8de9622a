// SPDX-License-Identifier: MIT
import { type Finding, findExplained, type Splat } from '../model/index.ts';
import type { SettledScenario } from './expand.ts';
import { toRegExp } from './words.ts';

interface Wish {
  readonly title?: string | undefined;
  readonly matches?: string | undefined;
  readonly why: string;
}

function fits(wish: Wish, splat: Splat): boolean {
  if (wish.title !== undefined) return splat.title === wish.title;
  return wish.matches !== undefined && toRegExp(wish.matches).test(splat.title);
}

/**
 * Compares the log with the scenario's expectations: each splat that is neither expected nor allowed is a finding,
 * unless it follows from one that is a finding itself; so is each expected splat that did not come. One finding a
 * signature.
 */
export function findUnexpectedSplats(settled: SettledScenario, splats: readonly Splat[]): readonly Finding[] {
  const { dmesg, allow } = settled.expect;
  const wanted: readonly Wish[] = dmesg === 'clean' ? [] : dmesg.splats;
  const findings: Finding[] = [];
  const isFinding = (splat: Splat) => ![...wanted, ...allow].some((wish) => fits(wish, splat));
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
  for (const wish of wanted) {
    if (splats.some((splat) => fits(wish, splat))) continue;
    const what = wish.title ?? `/${wish.matches}/`;
    findings.push({
      kind: 'expectation',
      signature: `expectation:${settled.name}:dmesg:${what}`,
      title: `the kernel did not complain: ${what}`,
      step: null,
      details: [`expected because: ${wish.why}`],
      splat: null,
    });
  }
  return findings;
}
