// SPDX-License-Identifier: MIT
import { Fault } from '../model/index.ts';
import type { Mail } from './mail.ts';

/** The mails that make up one series, in order. */
export interface Arrangement {
  readonly version: number;
  readonly cover: Mail | null;
  readonly patches: readonly Mail[];
  readonly notes: readonly string[];
}

interface Posting {
  readonly version: number;
  /** Null for patches that count nothing (`[PATCH] …`). */
  readonly total: number | null;
  readonly mails: Mail[];
}

/**
 * Chooses the newest complete posting among mails and puts it in order of n/m. `named` says that each mail is a file
 * that the user named, in order: then uncounted patches among counted ones keep that order instead of being dropped.
 * Faults `SERIES_EMPTY`, `SERIES_INCOMPLETE`, `SERIES_AMBIGUOUS`.
 */
export function arrangeMails(mails: readonly Mail[], origin: string, named: boolean): Arrangement {
  const notes: string[] = [];
  const replies = mails.filter((mail) => isReply(mail, mails));
  const posted = mails.filter((mail) => !replies.includes(mail));
  noteReplies(replies, notes);
  const counted = posted.filter((mail) => mail.prefix.number !== null);
  const uncounted = posted.filter((mail) => mail.prefix.number === null && mail.hasDiff);
  if (!counted.some((mail) => mail.prefix.number !== 0) && uncounted.length === 0) throw empty(origin, mails);
  if (uncounted.length > 0 && (named || !counted.some((mail) => mail.hasDiff)))
    return arrangeUncounted([...posted], notes);
  for (const mail of uncounted) notes.push(`left out, for it counts nothing: "${mail.subject}"`);
  return arrangeCounted(groupPostings(counted), origin, notes);
}

/**
 * Whether a mail answers another one. Its subject decides if it can; a mail without a diff is also a reply if it
 * answers the mail that has its place in the series, as a mail program without reply marks writes it.
 */
function isReply(mail: Mail, mails: readonly Mail[]): boolean {
  const { prefix, inReplyTo, hasDiff } = mail;
  if (prefix.reply === 'yes') return true;
  if (prefix.reply === 'unclear') return inReplyTo !== null || !hasDiff;
  if (hasDiff || inReplyTo === null) return false;
  const parent = mails.find((one) => one !== mail && one.messageId === inReplyTo)?.prefix;
  return (
    parent?.number === prefix.number && parent.total === prefix.total && parent.version === prefix.version
  );
}

function noteReplies(replies: readonly Mail[], notes: string[]): void {
  const plain = replies.filter((mail) => !mail.hasDiff).length;
  if (plain > 0) notes.push(`dropped ${plain === 1 ? 'a reply' : `${plain} replies`}`);
  for (const mail of replies.filter((one) => one.hasDiff))
    notes.push(`dropped a reply that holds a diff of its own: "${mail.subject}"`);
}

function empty(origin: string, mails: readonly Mail[]): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_EMPTY',
    message:
      mails.length === 0
        ? `${origin} holds no mail and no patch`
        : `${origin} holds ${mails.length === 1 ? 'a mail' : `${mails.length} mails`} and no patch`,
    details: mails.slice(0, 10).map((mail) => `no patch: ${mail.subject}`),
    next: 'give the output of `git format-patch --stdout` or a mailbox with the whole thread',
  });
}

/** Patches in the order in which they came; of several versions the highest. */
function arrangeUncounted(posted: readonly Mail[], notes: string[]): Arrangement {
  const patches = posted.filter((mail) => mail.hasDiff && mail.prefix.number !== 0);
  const version = Math.max(...patches.map((mail) => mail.prefix.version));
  const kept = patches.filter((mail) => mail.prefix.version === version);
  for (const mail of patches.filter((one) => !kept.includes(one)))
    notes.push(
      `left out, as version ${version} is newer: version ${mail.prefix.version} of "${mail.subject}"`,
    );
  if (kept.length > 1)
    notes.push('not every subject counts (n/m): the patches stay in the order in which they came');
  return { version, cover: posted.find((mail) => mail.prefix.number === 0) ?? null, patches: kept, notes };
}

function groupPostings(counted: readonly Mail[]): Posting[] {
  const postings: Posting[] = [];
  for (const mail of counted) {
    const { version, total } = mail.prefix;
    const posting = postings.find((one) => one.version === version && one.total === total);
    if (posting) posting.mails.push(mail);
    else postings.push({ version, total, mails: [mail] });
  }
  return postings
    .filter((posting) => posting.mails.some((mail) => mail.prefix.number !== 0))
    .sort((a, b) => b.version - a.version || latest(b) - latest(a));
}

function latest(posting: Posting): number {
  return Math.max(...posting.mails.map((mail) => mail.sentAt ?? 0));
}

function arrangeCounted(postings: readonly Posting[], origin: string, notes: string[]): Arrangement {
  const chosen = postings.find((posting) => missingOf(posting).length === 0);
  if (!chosen) throw incomplete(postings, origin);
  const rival = postings.find(
    (one) => one !== chosen && one.version === chosen.version && missingOf(one).length === 0,
  );
  if (rival)
    throw ambiguous(
      origin,
      `a series of ${chosen.total} and one of ${rival.total} patches, both version ${chosen.version}`,
    );
  for (const other of postings) {
    if (other === chosen) continue;
    const missing = missingOf(other);
    const why =
      missing.length > 0
        ? `not complete, without ${listNumbers(missing)}`
        : `version ${chosen.version} is newer`;
    notes.push(`left out version ${other.version} of ${other.total} patches: ${why}`);
  }
  const slots = Array.from({ length: (chosen.total ?? 0) + 1 }, (_, number) =>
    pickMail(chosen, number, origin, notes),
  );
  const [cover = null, ...rest] = slots;
  const patches = rest.filter((mail) => mail !== null);
  const came = chosen.mails.filter((mail) => patches.includes(mail));
  if (came.some((mail, index) => mail !== patches[index])) notes.push('sorted the patches by their n/m');
  return { version: chosen.version, cover, patches, notes };
}

function missingOf(posting: Posting): number[] {
  const numbers = Array.from({ length: posting.total ?? 0 }, (_, index) => index + 1);
  return numbers.filter(
    (number) => !posting.mails.some((mail) => mail.prefix.number === number && mail.hasDiff),
  );
}

/** The mail for one number. Of several with the same subject the latest; with different subjects nobody can tell. */
function pickMail(posting: Posting, number: number, origin: string, notes: string[]): Mail | null {
  const found = posting.mails.filter(
    (mail) => mail.prefix.number === number && (number === 0 || mail.hasDiff),
  );
  const [first, ...others] = found;
  if (!first) return null;
  if (others.length === 0) return first;
  if (others.some((mail) => mail.subject !== first.subject))
    throw ambiguous(
      origin,
      `different mails ${number}/${posting.total}: ${found.map((mail) => `"${mail.subject}"`).join(', ')}`,
    );
  notes.push(`${number}/${posting.total} came ${found.length} times: the latest was taken`);
  return found.reduce((best, mail) => ((mail.sentAt ?? 0) >= (best.sentAt ?? 0) ? mail : best));
}

function incomplete(postings: readonly Posting[], origin: string): Fault {
  const [newest] = postings;
  const missing = newest ? missingOf(newest) : [];
  const bare =
    newest?.mails.filter((mail) => !mail.hasDiff && missing.includes(mail.prefix.number ?? 0)) ?? [];
  return new Fault({
    blame: 'request',
    code: 'SERIES_INCOMPLETE',
    message: `${origin} lacks ${missing.length === 1 ? 'patch' : 'patches'} ${listNumbers(missing)} of ${newest?.total}${newest && newest.version > 1 ? ` (version ${newest.version})` : ''}`,
    details: [
      ...bare.map((mail) => `${mail.prefix.number}/${mail.prefix.total} holds no diff: ${mail.subject}`),
      ...postings
        .slice(1)
        .map((one) => `version ${one.version} lacks ${listNumbers(missingOf(one))} of ${one.total}`),
    ],
    next: 'add the missing mails, or renumber the patches with `git format-patch`',
  });
}

function ambiguous(origin: string, what: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_AMBIGUOUS',
    message: `${origin} holds ${what}`,
    next: 'put only the mails of one series into the mailbox',
  });
}

/** `2, 5 and 7`. */
function listNumbers(numbers: readonly number[]): string {
  const last = numbers.at(-1);
  return numbers.length < 2 ? `${last ?? ''}` : `${numbers.slice(0, -1).join(', ')} and ${last}`;
}
