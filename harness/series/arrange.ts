// SPDX-License-Identifier: MIT
import type { Mail } from './mail.ts';
import { findMails, groupPostings, listMissing, type Posting } from './posting.ts';
import { ambiguous, empty, incomplete } from './rejection.ts';
import type { Order } from './source.ts';
import { count, joinNumbers } from './text.ts';

/** The mails that make up one series, in order. */
export interface Arrangement {
  readonly version: number;
  readonly cover: Mail | null;
  readonly patches: readonly Mail[];
  readonly notes: readonly string[];
}

/**
 * Chooses the newest complete posting among mails and puts its patches in order of n/m. Commits stay as they are. Among
 * numbered patch files, patches without a number keep the order of the files; in a mailbox they are left out. Faults
 * `SERIES_EMPTY`, `SERIES_INCOMPLETE`, `SERIES_AMBIGUOUS`.
 */
export function arrangeMails(mails: readonly Mail[], origin: string, order: Order): Arrangement {
  if (order === 'commits') return { version: 1, cover: null, patches: mails, notes: [] };
  const replies = mails.filter((mail) => isReply(mail, mails));
  const posted = mails.filter((mail) => !replies.includes(mail));
  const numbered = posted.filter((mail) => mail.prefix.number !== null);
  const unnumbered = posted.filter((mail) => mail.prefix.number === null && mail.diff);
  if (!numbered.some((mail) => mail.prefix.number !== 0) && unnumbered.length === 0)
    throw empty(origin, mails, replies);
  const notes = noteReplies(replies);
  const others = posted.length - numbered.length - unnumbered.length;
  if (others > 0) notes.push(`${count(others, 'mail')} without a patch ${wasOrWere(others)} left out`);
  if (unnumbered.length > 0 && (order === 'names' || !numbered.some((mail) => mail.diff)))
    return arrangeUnnumbered(posted, order, notes);
  for (const mail of unnumbered)
    notes.push(`"${mail.subject}" was left out: it has no number (n/m) like the patches of the series`);
  return arrangeNumbered(groupPostings(numbered), origin, notes);
}

/**
 * Whether a mail answers another one. Its subject decides if it can. Without a diff a mail is also a reply if it
 * answers the mail with its own number: some mail programs set no reply mark.
 */
function isReply(mail: Mail, mails: readonly Mail[]): boolean {
  const { prefix, inReplyTo, diff } = mail;
  if (prefix.reply === 'yes') return true;
  if (prefix.reply === 'unclear') return inReplyTo !== null || !diff;
  if (diff || inReplyTo === null) return false;
  const parent = mails.find((one) => one !== mail && one.messageId === inReplyTo)?.prefix;
  return (
    parent?.number === prefix.number && parent.total === prefix.total && parent.version === prefix.version
  );
}

function noteReplies(replies: readonly Mail[]): string[] {
  const plain = replies.filter((mail) => !mail.diff).length;
  return [
    ...(plain > 0 ? [`${count(plain, 'reply', 'replies')} ${wasOrWere(plain)} dropped`] : []),
    ...replies
      .filter((mail) => mail.diff)
      .map((mail) => `a reply was dropped although it contains a diff: "${mail.subject}"`),
  ];
}

/** Patches in the order in which they came; of several versions the highest. */
function arrangeUnnumbered(posted: readonly Mail[], order: Order, notes: string[]): Arrangement {
  const found = posted.filter((mail) => mail.diff && mail.prefix.number !== 0);
  const version = Math.max(...found.map((mail) => mail.prefix.version));
  for (const { prefix, subject } of found.filter((one) => one.prefix.version !== version))
    notes.push(`version ${prefix.version} of "${subject}" was left out because version ${version} is newer`);
  const newest = found.filter((mail) => mail.prefix.version === version);
  const patches = newest.filter(
    ({ messageId }, index) =>
      messageId === null || newest.findIndex((one) => one.messageId === messageId) === index,
  );
  const copies = newest.length - patches.length;
  if (copies > 0)
    notes.push(
      `${count(copies, 'repeated copy', 'repeated copies')} of a patch ${wasOrWere(copies)} left out`,
    );
  if (patches.length > 1 && order !== 'names')
    notes.push('not every subject has a number (n/m), so the patches stay in the order in which they came');
  return { version, cover: posted.find((mail) => mail.prefix.number === 0) ?? null, patches, notes };
}

function arrangeNumbered(postings: readonly Posting[], origin: string, notes: string[]): Arrangement {
  const [chosen, ...rivals] = postings.filter((posting) => listMissing(posting).length === 0);
  if (!chosen) throw incomplete(origin, postings);
  const rival = rivals.find((one) => one.version === chosen.version);
  if (rival)
    throw ambiguous(
      origin,
      `a series of ${chosen.total} and one of ${rival.total} patches, both version ${chosen.version}`,
    );
  for (const other of postings) if (other !== chosen) notes.push(describeLeftOut(other, chosen));
  const pick = (number: number) => pickMail(chosen, number, origin, notes);
  const cover = pick(0);
  const patches = Array.from({ length: chosen.total }, (_, index) => pick(index + 1)).filter(
    (mail) => mail !== null,
  );
  const came = chosen.mails.filter((mail) => patches.includes(mail));
  if (came.some((mail, index) => mail !== patches[index]))
    notes.push('the patches were sorted by the numbers in their subjects');
  return { version: chosen.version, cover, patches, notes };
}

function describeLeftOut(posting: Posting, chosen: Posting): string {
  const missing = listMissing(posting);
  const leftOut = `${describePosting(posting)} was left out because`;
  if (missing.length === 0 || posting.version < chosen.version)
    return `${leftOut} version ${chosen.version} is newer`;
  const gap = `${missing.length === 1 ? 'patch' : 'patches'} ${joinNumbers(missing)} ${isOrAre(missing.length)}`;
  return `${leftOut} ${gap} missing; ${describePosting(chosen)} is used`;
}

function describePosting(posting: Posting): string {
  return `version ${posting.version} (${count(posting.total, 'patch', 'patches')})`;
}

/** The mail for one number: of several with one subject the latest. */
function pickMail(posting: Posting, number: number, origin: string, notes: string[]): Mail | null {
  const found = findMails(posting, number);
  const [first, ...others] = found;
  if (!first) return null;
  if (others.length === 0) return first;
  if (others.some((mail) => mail.subject !== first.subject)) {
    const subjects = found.map((mail) => `"${mail.subject}"`).join(', ');
    throw ambiguous(origin, `different mails ${number}/${posting.total}: ${subjects}`);
  }
  notes.push(`mail ${number}/${posting.total} came ${found.length} times; the latest was taken`);
  return found.reduce((best, mail) => ((mail.sentAt ?? 0) >= (best.sentAt ?? 0) ? mail : best));
}

function isOrAre(amount: number): string {
  return amount === 1 ? 'is' : 'are';
}

function wasOrWere(amount: number): string {
  return amount === 1 ? 'was' : 'were';
}
