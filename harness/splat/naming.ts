// SPDX-License-Identifier: MIT
import { titleName } from './culprit.ts';
import { isSkipListed } from './kinds/skip.ts';
import { normaliseTitle, typeOfTitle } from './title.ts';

/** What names a complaint: the same for each report with the same words. */
export interface Naming {
  readonly isSkipListed: (name: string) => boolean;
  readonly titleName: (name: string) => string;
  readonly normaliseTitle: (words: string) => string;
  readonly typeOfTitle: (title: string) => string;
  /** An expression for all that either of two matches. */
  readonly joinSkips: (one: RegExp | undefined, other: RegExp | undefined) => RegExp;
}

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
