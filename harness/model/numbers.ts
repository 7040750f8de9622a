// SPDX-License-Identifier: MIT
import type { ArmCount, KnownSighting, SignatureTest, SignatureVerdict } from './verdict.ts';

/**
 * The numbers behind one signature's verdict: `base 5/5, patched 0/5 (p = 0.003)`; with intervals also the rates that fit them:
 * `base 5/5 (47.8 to 100 %)`.
 */
export function describeNumbers(one: SignatureVerdict, part: { readonly intervals: boolean }): string {
  const { base, patched } = one;
  const count = (arm: ArmCount) =>
    `${arm.seen}/${arm.trials}${part.intervals && arm.interval ? ` (${describeInterval(arm.interval)})` : ''}`;
  const counts = patched ? `base ${count(base)}, patched ${count(patched)}` : count(base);
  const remarks = [
    ...(one.known ? describeKnown(one.known) : describeTest(one)),
    ...(one.widened ? ['reachable when widened'] : []),
  ];
  return remarks.length === 0 ? counts : `${counts} (${remarks.join(', ')})`;
}

/** A probability as tables print it: `0.003`, or `< 0.001`. */
export function describeP({ p }: Pick<SignatureTest, 'p'>): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

function describeTest({ comparison, test }: SignatureVerdict): string[] {
  if (!test) return [];
  const p = `p ${test.p < 0.001 ? describeP(test) : `= ${describeP(test)}`}`;
  if (comparison !== 'inconclusive') return [p];
  return [
    test.more === null ? `${p} decides nothing` : `${p}: about ${test.more} more on each kernel would decide`,
  ];
}

function describeKnown({ reason, link, rate, exceededOn }: KnownSighting): string[] {
  const more = exceededOn.map((arm) => `on ${arm} more often than its rate of ${percent(rate)} % explains`);
  return [`known issue: ${reason}, ${link}`, ...more];
}

/** An interval of rates: `47.8 to 100 %`. */
export function describeInterval({ low, high }: NonNullable<ArmCount['interval']>): string {
  return `${percent(low)} to ${percent(high)} %`;
}

function percent(rate: number): string {
  return rate === 0 || rate === 1 ? String(rate * 100) : (rate * 100).toFixed(1);
}
