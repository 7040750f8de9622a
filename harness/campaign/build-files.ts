// SPDX-License-Identifier: MIT
import { findBuildFiles } from '../kernel/index.ts';
import type { Series } from '../model/index.ts';

/** Files that are named; the series has them all. */
const NAMED = 8;

/** A sentence about a series whose own code runs when its kernel is built; none for any other. */
export function describeBuildFiles(series: Pick<Series, 'patches'> | null): readonly string[] {
  const files = findBuildFiles(series?.patches.flatMap((patch) => patch.files) ?? []);
  if (files.length === 0) return [];
  const more = files.length > NAMED ? ` and ${files.length - NAMED} more` : '';
  return [`the series changes the build itself: ${files.slice(0, NAMED).join(', ')}${more}`];
}
