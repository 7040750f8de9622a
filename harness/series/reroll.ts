// SPDX-License-Identifier: MIT
import type { Mail } from './mail.ts';
import { isComplete, type Posting } from './posting.ts';
import { joinNumbers } from './text.ts';

/** Ancestors that are looked at: a thread is not deeper. */
const DEEPEST = 1000;

/**
 * A version of which only some patches were sent, each as a reply to the patch that it replaces, put together with the
 * version before it, as b4 does. Null if any of its mails answers no mail with its own number of an earlier version: then
 * the rest of the version is missing. `base` may be such a version itself.
 */
export function completeReroll(
  partial: Posting,
  postings: readonly Posting[],
  mails: ReadonlyMap<string, Mail>,
): Posting | null {
  if (!partial.mails.every((mail) => replacesEarlier(mail, mails))) return null;
  const base = postings
    .filter((one) => one.version < partial.version && one.total === partial.total)
    .sort((a, b) => b.version - a.version)[0];
  const whole = base && (isComplete(base) ? base : completeReroll(base, postings, mails));
  if (!whole) return null;
  const isNew = (number: number | null) =>
    partial.mails.some((mail) => mail.prefix.number === number && (number === 0 || mail.hasDiff));
  const { version, total } = partial;
  return {
    version,
    total,
    mails: [...whole.mails.filter((mail) => !isNew(mail.prefix.number)), ...partial.mails],
  };
}

/** Whether a mail answers, itself or through others, the mail with its own number of an earlier version. */
function replacesEarlier(mail: Mail, mails: ReadonlyMap<string, Mail>): boolean {
  const seen = new Set<string>();
  const waiting = [...mail.ancestors];
  for (let id = waiting.shift(); id !== undefined && seen.size < DEEPEST; id = waiting.shift()) {
    const ancestor = seen.has(id) ? undefined : mails.get(id);
    seen.add(id);
    if (!ancestor) continue;
    const { prefix } = ancestor;
    const isSame = prefix.number === mail.prefix.number && prefix.total === mail.prefix.total;
    if (isSame && prefix.reply !== 'yes' && prefix.version < mail.prefix.version) return true;
    waiting.push(...ancestor.ancestors);
  }
  return false;
}

/** Says which patches of a version that was put together are from which version. */
export function describeReroll(version: number, cover: Mail | null, patches: readonly Mail[]): string {
  const versions = [...new Set(patches.map((mail) => mail.prefix.version))].sort((a, b) => b - a);
  const shares = versions.map((one) => {
    const numbers = patches.flatMap((mail, index) => (mail.prefix.version === one ? [index + 1] : []));
    const are = numbers.length === 1 ? `patch ${numbers[0]} is` : `patches ${joinNumbers(numbers)} are`;
    return `${are} from version ${one}`;
  });
  const letter = cover?.prefix.version === version ? ['the cover letter is from it'] : [];
  return `version ${version} is a partial reroll: ${[...letter, ...shares].join(', ')}`;
}
