// SPDX-License-Identifier: MIT
import type { KnownIssue, KnownSighting } from '../model/index.ts';
import { upperTail } from './binomial.ts';
import { LEVEL } from './difference.ts';
import type { Count } from './fisher.ts';

/** The known issue that a signature is, and the arms whose boots show it more often than its rate explains; null for none. */
export function findKnown(
  signature: string,
  known: readonly KnownIssue[],
  counts: Readonly<Record<'base' | 'patched', Count>>,
): KnownSighting | null {
  const issue = known.find((one) => one.signature === signature);
  if (!issue) return null;
  const { signature: _same, ...rest } = issue;
  const exceededOn = (['base', 'patched'] as const).filter(
    (arm) => upperTail(counts[arm].seen, counts[arm].trials, issue.rate) <= LEVEL,
  );
  return { ...rest, exceededOn };
}
