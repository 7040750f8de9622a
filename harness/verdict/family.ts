// SPDX-License-Identifier: MIT

/**
 * Holm's adjustment (1979) of the p-values of one campaign: rejecting what is at most α after it makes any false rejection at
 * most as probable as α, however the values depend on each other. In the given order.
 */
export function adjustPValues(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const adjusted = new Array<number>(values.length).fill(1);
  let least = 0;
  order.forEach(({ value, index }, rank) => {
    least = Math.max(least, Math.min(1, value * (values.length - rank)));
    adjusted[index] = least;
  });
  return adjusted;
}

/**
 * The same for e-values: closed testing with their arithmetic mean (Vovk and Wang, "E-values: calibration, combination and
 * applications", Ann. Statist. 2021, algorithm 1). It rejects all that Holm's procedure rejects with the p-values 1/e, and
 * holds for values that depend on each other. What is at least 1/α after it is rejected. In the given order.
 */
export function adjustEValues(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => {
    // The worst set that contains this one: itself with the smallest others.
    let [sum, count, least] = [value, 1, value];
    let skipped = false;
    for (const other of sorted) {
      if (other === value && !skipped) {
        skipped = true;
        continue;
      }
      if (other >= sum / count) break;
      sum += other;
      count += 1;
      least = Math.min(least, sum / count);
    }
    return least;
  });
}
