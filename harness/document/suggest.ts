// SPDX-License-Identifier: MIT
import { distance } from 'fastest-levenshtein';

/** The most edits for a name to be suggested. Two swapped letters are two edits. */
function editLimit(length: number): number {
  return length < 4 ? 1 : Math.max(2, Math.floor(length / 3));
}

/** The name that was probably meant: the one with the fewest edits, or null if even that differs too much. */
export function suggestName(written: string, names: Iterable<string>): string | null {
  let best: string | null = null;
  let bestEdits = editLimit(written.length) + 1;
  for (const name of names) {
    // Each letter that one has more than the other is an edit.
    if (Math.abs(name.length - written.length) >= bestEdits) continue;
    const edits = distance(written.toLowerCase(), name.toLowerCase());
    if (edits < bestEdits) {
      best = name;
      bestEdits = edits;
    }
  }
  return best;
}
