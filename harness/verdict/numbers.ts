// SPDX-License-Identifier: MIT
import type { ArmCount, ArmPower, ScenarioVerdict, SignatureVerdict, TrialResult } from '../model/index.ts';
import { detectableRate } from './binomial.ts';
import { countBoots } from './boots.ts';

type Power = NonNullable<ScenarioVerdict['power']>;

/** What conclusive trials of one arm would have shown. */
export function measurePower(trials: readonly TrialResult[]): ArmPower {
  const boots = countBoots(trials);
  return { trials: trials.length, boots, detects: detectableRate(boots) };
}

/** Says what trials that showed nothing prove: `a fault in 63.2 % of the boots or more would have been seen with 95 % confidence`. */
export function describePower({ base, patched }: Power): string {
  const detects = Math.max(base.detects, patched?.detects ?? 0);
  return `a fault in ${formatRate(detects)} of the boots or more would have been seen with 95 % confidence`;
}

/** A signature with its numbers: `WARNING in f: base 5/5, patched 0/5 (p = 0.003)`. */
export function describeSignature(one: SignatureVerdict): string {
  const { title, base, patched, test } = one;
  const widened = one.widened ? ', reachable when widened' : '';
  if (!patched) return `${title}: ${count(base)}${widened}`;
  const counts = `base ${count(base)}, patched ${count(patched)}`;
  if (!test) return `${title}: ${counts}${widened}`;
  return `${title}: ${counts} (${describeTest(one, test)}${widened})`;
}

function describeTest({ comparison }: SignatureVerdict, test: NonNullable<SignatureVerdict['test']>): string {
  if (comparison !== 'inconclusive') return `p ${formatP(test.p)}`;
  if (test.more === null) return `p ${formatP(test.p)}, which decides nothing`;
  return `p ${formatP(test.p)}: about ${test.more} more on each kernel would decide`;
}

function count({ seen, trials }: ArmCount): string {
  return `${seen}/${trials}`;
}

function formatRate(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}

function formatP(p: number): string {
  return p < 0.001 ? '< 0.001' : `= ${p.toFixed(3)}`;
}
