// SPDX-License-Identifier: MIT

/** Finds the first of its words in `bytes` that begins at or after `from` and before `to`; `to` if there is none. */
export type Gate = (bytes: Uint8Array, from: number, to: number) => number;

/** How rare a character is in logs: the search stops less often at a rare one. */
function rarity(code: number): number {
  const character = String.fromCharCode(code);
  if (/[aeinorst ]/.test(character)) return 0;
  if (/[a-z0-9.:]/.test(character)) return 1;
  return /[A-Z[\]]/.test(character) ? 3 : 4;
}

/**
 * Looks for many words at once and reads only every second or third byte: after Wu and Manber, "A fast algorithm for
 * multi-pattern searching" (1994), with pairs of bytes. Of each word it searches for the rarest part.
 */
export function makeGate(words: readonly string[]): Gate {
  const all = words.map((word) => Buffer.from(word, 'latin1'));
  const length = Math.min(...all.map((word) => word.length));
  if (length < 2) throw new RangeError('a gate needs words of two bytes or more');
  const shifts = new Uint8Array(65_536).fill(length - 1);
  /** The words to compare, by the last pair of their part. */
  const ends = new Map<number, Part[]>();
  for (const word of all) {
    const skip = chooseSkip(word, length);
    for (let index = 1; index < length; index += 1) {
      const pair = pairAt(word, skip + index);
      shifts[pair] = Math.min(shifts[pair] ?? 0, length - 1 - index);
    }
    const last = pairAt(word, skip + length - 1);
    const parts = ends.get(last) ?? [];
    parts.push({ word, before: skip + length - 1 });
    ends.set(last, parts);
  }
  // A word whose part stands late in it begins earlier than the place that was found.
  const longest = Math.max(...[...ends.values()].flat().map((part) => part.before));
  const most = length - 1;
  const shiftAt = (bytes: Uint8Array, at: number) =>
    shifts[((bytes[at - 1] as number) << 8) | (bytes[at] as number)] as number;
  return (bytes, from, to) => {
    let found = to;
    let stop = to;
    let at = from + length - 1;
    while (at < stop) {
      // Two steps at once, each as long as one can be: the second does not wait for the outcome of the first.
      while (at + most < stop && shiftAt(bytes, at) === most && shiftAt(bytes, at + most) === most)
        at += 2 * most;
      if (at >= stop) break;
      const pair = ((bytes[at - 1] ?? 0) << 8) | (bytes[at] ?? 0);
      const shift = shifts[pair] ?? 1;
      if (shift > 0) {
        at += shift;
        continue;
      }
      for (const { word, before } of ends.get(pair) ?? []) {
        const begin = at - before;
        if (begin < from || begin >= found || begin + word.length > to || !standsAt(bytes, begin, word))
          continue;
        found = begin;
        stop = Math.min(to, begin + longest + 1);
      }
      at += 1;
    }
    return found;
  };
}

interface Part {
  readonly word: Uint8Array;
  /** The number of bytes of the word before the last one of the part. */
  readonly before: number;
}

function pairAt(word: Uint8Array, last: number): number {
  return ((word[last - 1] ?? 0) << 8) | (word[last] ?? 0);
}

function standsAt(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let index = 0; index < word.length; index += 1) if (bytes[at + index] !== word[index]) return false;
  return true;
}

/** The start of the part of a word, of the given length, whose last pair is the rarest. */
function chooseSkip(word: Uint8Array, length: number): number {
  let best = 0;
  let most = -1;
  for (let skip = 0; skip + length <= word.length; skip += 1) {
    const last = skip + length - 1;
    const value = rarity(word[last - 1] ?? 0) + rarity(word[last] ?? 0);
    if (value > most) {
      best = skip;
      most = value;
    }
  }
  return best;
}
