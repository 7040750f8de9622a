// SPDX-License-Identifier: MIT
import type { Mail } from './mail.ts';

/** The mails of one version of a series. */
export interface Posting {
  readonly version: number;
  readonly total: number;
  readonly mails: Mail[];
}

/** Groups numbered mails by version and total: the highest version first, within a version the latest. */
export function groupPostings(numbered: readonly Mail[]): Posting[] {
  const postings: Posting[] = [];
  for (const mail of numbered) {
    const { version } = mail.prefix;
    const total = mail.prefix.total ?? 0;
    const posting = postings.find((one) => one.version === version && one.total === total);
    if (posting) posting.mails.push(mail);
    else postings.push({ version, total, mails: [mail] });
  }
  return postings
    .filter((posting) => posting.mails.some((mail) => mail.prefix.number !== 0))
    .sort((a, b) => b.version - a.version || findLatest(b.mails) - findLatest(a.mails));
}

function findLatest(mails: readonly Mail[]): number {
  return Math.max(...mails.map((mail) => mail.sentAt ?? 0));
}

/** The numbers for which a posting has no patch. */
export function listMissing(posting: Posting): number[] {
  const numbers = Array.from({ length: posting.total }, (_, index) => index + 1);
  return numbers.filter((number) => findMails(posting, number).length === 0);
}

/** The mails for one number. Only a cover letter (0) needs no diff. */
export function findMails(posting: Posting, number: number): Mail[] {
  return posting.mails.filter((mail) => mail.prefix.number === number && (number === 0 || mail.diff));
}
