// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';

/** Two copies of a report with the same signature have headlines with stamps that differ by no more than this. */
const SAME_REPORT_SECONDS = 1;
/** Two copies of one line have the same stamp; this allows for its rounding. */
const SAME_LINE_SECONDS = 0.001;

/**
 * The splats of the kernel's own log buffer that the console of the same machine does not show. A splat is shown if the
 * console has one with the same signature and about the same stamp, or a truncated one with the same stamp. Each splat
 * of the console accounts for one only.
 *
 * `follows` of the result counts in the console's splats with the missing ones appended; `start` and `end` are places in
 * the log buffer's text.
 */
export function findMissingSplats(
  consoleSplats: readonly Splat[],
  kmsgSplats: readonly Splat[],
): readonly Splat[] {
  const free = new Set(consoleSplats.keys());
  /** For each splat of the log buffer, its place in the combined list. */
  const places: number[] = [];
  const missing: Splat[] = [];
  for (const splat of kmsgSplats) {
    const shown = findCopy(consoleSplats, free, splat);
    if (shown !== undefined) {
      free.delete(shown);
      places.push(shown);
      continue;
    }
    places.push(consoleSplats.length + missing.length);
    missing.push({ ...splat, follows: splat.follows === null ? null : (places[splat.follows] ?? null) });
  }
  return missing;
}

function findCopy(
  consoleSplats: readonly Splat[],
  free: ReadonlySet<number>,
  splat: Splat,
): number | undefined {
  const candidates = [...free];
  const isCopy = (index: number) => {
    const shown = consoleSplats[index];
    return shown?.signature === splat.signature && isNear(shown, splat, SAME_REPORT_SECONDS);
  };
  const isTruncated = (index: number) => {
    const shown = consoleSplats[index];
    if (!shown?.corrupted || shown.seconds === null || splat.seconds === null) return false;
    return isNear(shown, splat, SAME_LINE_SECONDS);
  };
  return candidates.find(isCopy) ?? candidates.find(isTruncated);
}

/** Without stamps nothing speaks against two reports being the same. */
function isNear(one: Splat, other: Splat, seconds: number): boolean {
  return one.seconds === null || other.seconds === null || Math.abs(one.seconds - other.seconds) <= seconds;
}
