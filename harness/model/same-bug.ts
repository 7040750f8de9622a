// SPDX-License-Identifier: MIT
import type { Finding } from './trial.ts';

/**
 * For each signature, the one that stands for its bug: that of the first finding that shares a signature with it, or a
 * title where at least one of the two is an alternative. The same bug shows in several ways: a use after free is found by
 * KASAN once, and ends in a page fault another time.
 */
export function groupFindings(findings: Iterable<Finding>): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  const byTitle = new Map<string, string>();
  const byAlternative = new Map<string, string>();
  for (const { signature, title, alternatives = [] } of findings) {
    const own = groups.get(signature);
    const shared = [title, ...alternatives].map((one) => byAlternative.get(one));
    const group =
      own ??
      [...shared, ...alternatives.map((one) => byTitle.get(one))].find((one) => one !== undefined) ??
      signature;
    if (own === undefined) groups.set(signature, group);
    if (!byTitle.has(title)) byTitle.set(title, group);
    for (const one of alternatives) if (!byAlternative.has(one)) byAlternative.set(one, group);
  }
  return groups;
}
