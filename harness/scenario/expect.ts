// SPDX-License-Identifier: MIT
import type { Finding, Splat } from '../model/index.ts';
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
 * What the log shows against the scenario's word: each complaint that is no consequence of another, and is neither
 * expected nor allowed; and each expected one that did not come. One finding a signature.
 */
export function findUnexpectedSplats(settled: SettledScenario, splats: readonly Splat[]): readonly Finding[] {
  const { dmesg, allow } = settled.expect;
  const wanted: readonly Wish[] = dmesg === 'clean' ? [] : dmesg.splats;
  const findings: Finding[] = [];
  for (const [index, splat] of splats.entries()) {
    if (splat.follows !== null || [...wanted, ...allow].some((wish) => fits(wish, splat))) continue;
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
