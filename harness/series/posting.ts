// SPDX-License-Identifier: MIT
import type { Mail } from './mail.ts';

/** The mails of one version of a series. */
export interface Posting {
  readonly version: number;
  readonly total: number;
  readonly mails: readonly Mail[];
}

/** Groups numbered mails by version and total: the highest version first, within a version the latest. */
export function groupPostings(numbered: readonly Mail[]): Posting[] {
  const postings = new Map<string, { version: number; total: number; mails: Mail[]; latest: number }>();
  for (const mail of numbered) {
    const { version } = mail.prefix;
    const total = mail.prefix.total ?? 0;
    const key = `${version}/${total}`;
    const sentAt = mail.sentAt ?? 0;
    const posting = postings.get(key);
    if (!posting) postings.set(key, { version, total, mails: [mail], latest: sentAt });
    else {
      posting.mails.push(mail);
      posting.latest = Math.max(posting.latest, sentAt);
    }
  }
  return [...postings.values()].sort((a, b) => b.version - a.version || b.latest - a.latest);
}

/** The numbers for which a posting has no patch. */
export function listMissing(posting: Posting): number[] {
  const present = new Set(posting.mails.filter((mail) => mail.hasDiff).map((mail) => mail.prefix.number));
  return Array.from({ length: posting.total }, (_, index) => index + 1).filter(
    (number) => !present.has(number),
  );
}

/** Whether a posting has a patch for each of its numbers, and numbers at all. */
export function isComplete(posting: Posting): boolean {
  return posting.total > 0 && listMissing(posting).length === 0;
}

/** The mails for one number. Only a cover letter (0) needs no diff. */
export function findMails(posting: Posting, number: number): Mail[] {
  return posting.mails.filter((mail) => mail.prefix.number === number && (number === 0 || mail.hasDiff));
}
