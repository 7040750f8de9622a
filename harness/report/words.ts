// SPDX-License-Identifier: MIT
import type { Comparison, SignatureVerdict } from '../model/index.ts';

/** Comparisons in the words of reports. */
export const COMPARISON_WORDS: Readonly<Record<Comparison, string>> = {
  fixed: 'fixed',
  notFixed: 'not fixed',
  regressed: 'regressed',
  clean: 'clean on both',
  notReproduced: 'not reproduced',
  inconclusive: 'inconclusive',
};

/** How often a signature was seen, as `base 2/3, patched 0/3`. */
export function countSeen(one: SignatureVerdict): string {
  const patched = one.patched.trials === 0 ? '' : `, patched ${one.patched.seen}/${one.patched.trials}`;
  return `base ${one.base.seen}/${one.base.trials}${patched}`;
}

/** A duration for people: `850 ms`, `12.3 s`, `4 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
