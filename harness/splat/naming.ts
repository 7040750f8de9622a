// SPDX-License-Identifier: MIT
import { titleName } from './culprit.ts';
import { isSkipListed } from './kinds/skip.ts';
import { type Naming, normaliseTitle, typeOfTitle } from './title.ts';

/** Limits the memory for words. */
const MOST_KNOWN = 1024;
/** In characters. Longer words are rare. */
const LONGEST_KNOWN = 1024;

/** Makes a naming that remembers: the reports of a flood have few names and few headlines between them. */
export function makeNaming(): Naming {
  const joinSources = remember((sources) => new RegExp(sources));
  return {
    isSkipListed: remember(isSkipListed),
    titleName: remember(titleName),
    normaliseTitle: remember(normaliseTitle),
    typeOfTitle: remember(typeOfTitle),
    joinSkips: (...skips) =>
      joinSources(skips.flatMap((one) => (one ? [one.source] : [])).join('|') || '(?!)'),
  };
}

function remember<T extends string | boolean | RegExp>(work: (words: string) => T): (words: string) => T {
  const known = new Map<string, T>();
  return (words) => {
    const before = known.get(words);
    if (before !== undefined) return before;
    const result = work(words);
    if (known.size >= MOST_KNOWN) known.clear();
    if (words.length <= LONGEST_KNOWN) known.set(words, result);
    return result;
  };
}
