// SPDX-License-Identifier: MIT
import type { DocumentPath } from './issue.ts';

/** Offsets into the text. */
export type Range = readonly [start: number, end: number];

/** Where a value stands in the text, and the values inside it. */
export interface Place {
  readonly range: Range;
  /** The range of the key whose value it is; null for an item of a list. */
  readonly key: Range | null;
  /** What is written for it, where that is neither in quotes nor a block: such a text may be meant as a number. */
  readonly plain: string | null;
  readonly inner: ReadonlyMap<string, Place>;
}

/** The place of the value at `path`; null if there is none. */
export function findPlace(root: Place, path: DocumentPath): Place | null {
  let place: Place | undefined = root;
  for (const step of path) place = place?.inner.get(String(step));
  return place ?? null;
}

/** The range of the value at `path`, or of its key. If there is none, that of the nearest value above. */
export function findRange(root: Place, path: DocumentPath, part: 'key' | 'value'): Range {
  let place = root;
  for (const [depth, step] of path.entries()) {
    const inner = place.inner.get(String(step));
    if (!inner) return shownRange(place, 'value');
    place = inner;
    if (depth === path.length - 1) return shownRange(place, part);
  }
  return shownRange(place, 'value');
}

/** An empty value (`key:`) has no extent: its key is pointed at. */
function shownRange({ range, key }: Place, part: 'key' | 'value'): Range {
  if (part === 'key') return key ?? range;
  return range[1] > range[0] ? range : (key ?? range);
}
