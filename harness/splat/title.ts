// SPDX-License-Identifier: MIT
import { TYPES, UNKNOWN_TYPE } from './kinds/type.ts';

/** What names a complaint: the same for each report with the same words. */
export interface Naming {
  readonly isSkipListed: (name: string) => boolean;
  readonly titleName: (name: string) => string;
  readonly normaliseTitle: (words: string) => string;
  readonly typeOfTitle: (title: string) => string;
  /** An expression for all that either of two matches. */
  readonly joinSkips: (one: RegExp | undefined, other: RegExp | undefined) => RegExp;
}

const LONGEST = 120;
/** Replaces what differs between runs, in this order. */
const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/syz-executor\.?\d+(?:[/:]\d+)?/g, 'syz-executor'],
  [/syzkaller\d+(?:[/:]\d+)?/g, 'syzkaller'],
  [/([^a-zA-Z])(?:0x)?[0-9a-f]{6,}/g, '$1ADDR'],
  [/([^a-zA-Z])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/g, '$1IP'],
  [/(\.\w+)(?::\d+)+/g, '$1:LINE'],
  // Only at a plus, and from there back to the name: from each letter on, a long word would take quadratic time.
  [/(?=\+)(?<=[a-zA-Z][\w.]+)\+0x[0-9a-z]+\/0x[0-9a-z]+/g, ''],
  [/([a-z\d_])(?:\.(?:isra|constprop|part|cold|llvm|lto_priv)(?:\.\d+)?)+(?![\w.])/g, '$1'],
  [/CPU#\d+/g, 'CPU'],
];
const ALONE = /(\W)\d+(\W|$)/g;
const LONG_DIGITS = /\d{7,}/g;

/** A title without addresses, numbers and line numbers; the same for each run of the same bug. At most 120 characters. */
export function normaliseTitle(title: string): string {
  let text = title.replace(/[^\x20-\x7e]+/g, ' ');
  for (const [pattern, replacement] of REPLACEMENTS) text = text.replace(pattern, replacement);
  for (let round = 0; round < 4; round += 1) {
    const next = text.replace(ALONE, '$1NUM$2');
    if (next === text) break;
    text = next;
  }
  return text.replace(LONG_DIGITS, 'NUM').replace(/ +/g, ' ').trim().slice(0, LONGEST).trimEnd();
}

/** The type of a title: `KASAN-USE-AFTER-FREE-READ`, `HANG`, `LOCKDEP` … (`kinds/type.ts`). */
export function typeOfTitle(title: string): string {
  return TYPES.find(([pattern]) => pattern.test(title))?.[1] ?? UNKNOWN_TYPE;
}

/** Fills groups and the culprit into the form of a kind's title. */
export function fillForm(form: string, groups: readonly (string | undefined)[], culprit: string): string {
  let filled = '';
  let from = 0;
  for (let at = form.indexOf('$'); at >= 0; at = form.indexOf('$', at + 1)) {
    const key = form.charAt(at + 1);
    if (key !== 'f' && !/^\d$/.test(key)) continue;
    filled += form.slice(from, at) + (key === 'f' ? culprit : (groups[Number(key)] ?? '').trim());
    from = at + 2;
  }
  return filled + form.slice(from);
}
