// SPDX-License-Identifier: MIT
import { type Limits, requireWithin } from '../model/index.ts';
import type { Mail } from './mail.ts';
import { findMails, groupPostings, isComplete, listMissing, type Posting } from './posting.ts';
import { ambiguous, empty, incomplete, misnumbered, refuseDamage } from './rejection.ts';
import { completeReroll, describeReroll } from './reroll.ts';
import type { Order } from './source.ts';
import { count, joinNumbers, listSome } from './text.ts';

/** The mails that make up one series, in order. */
export interface Arrangement {
  readonly version: number;
  readonly cover: Mail | null;
  readonly patches: readonly Mail[];
  readonly notes: readonly string[];
}

/** What mails are arranged by. */
export interface ArrangeOptions {
  readonly origin: string;
  readonly order: Order;
  readonly limits: Limits;
}

/**
 * Chooses the newest posting among mails and puts its patches in order of n/m. Commits stay as they are. Among numbered
 * patch files, patches without a number keep the order of the files; in a mailbox they are left out. A newer version that
 * is not whole is never left out for an older one. Faults `SERIES_EMPTY`, `SERIES_INCOMPLETE`, `SERIES_AMBIGUOUS`,
 * `SERIES_MISNUMBERED`, `SERIES_DAMAGED`, `LIMIT_EXCEEDED` (`patches`).
 */
export function arrangeMails(mails: readonly Mail[], options: ArrangeOptions): Arrangement {
  const { origin, order, limits } = options;
  if (order === 'commits') {
    requireWithin(limits, 'patches', mails.length, origin);
    return { version: 1, cover: null, patches: mails, notes: [] };
  }
  const byId = new Map(mails.flatMap((mail) => (mail.messageId === null ? [] : [[mail.messageId, mail]])));
  const replies = mails.filter((mail) => isReply(mail, byId));
  const isDropped = new Set(replies);
  const posted = mails.filter((mail) => !isDropped.has(mail));
  const numbered = posted.filter((mail) => mail.prefix.number !== null);
  const unnumbered = posted.filter((mail) => mail.prefix.number === null && mail.hasDiff);
  const broken = posted.find((mail) => mail.prefix.number === null && mail.damage !== null);
  if (!numbered.some((mail) => mail.prefix.number !== 0) && unnumbered.length === 0) {
    refuseDamage(origin, broken ?? numbered.find((mail) => mail.damage !== null));
    if (!numbered.some((mail) => (mail.prefix.total ?? 0) > 0)) throw empty(origin, mails, isDropped);
  }
  const notes = noteReplies(replies);
  const others = posted.length - numbered.length - unnumbered.length;
  if (others > 0) notes.push(`${count(others, 'mail')} without a patch ${wasOrWere(others)} left out`);
  if (unnumbered.length > 0 && (order === 'names' || !numbered.some((mail) => mail.hasDiff))) {
    // A file whose patch cannot be read is a patch of the series.
    if (order === 'names')
      refuseDamage(
        origin,
        posted.find((mail) => mail.damage !== null),
      );
    return arrangeUnnumbered(posted, options, notes);
  }
  if (unnumbered.length > 0)
    notes.push(
      `${listSome(unnumbered.map((mail) => `"${mail.subject}"`))} ${wasOrWere(unnumbered.length)} left out: no number (n/m) like the patches of the series`,
    );
  return arrangeNumbered(groupPostings(numbered), byId, options, notes, () =>
    empty(origin, mails, isDropped),
  );
}

/**
 * Whether a mail answers another one. Its subject decides if it can. Without a diff a mail is also a reply if it
 * answers the mail with its own number: some mail programs set no reply mark.
 */
function isReply(mail: Mail, byId: ReadonlyMap<string, Mail>): boolean {
  const { prefix, inReplyTo, hasDiff } = mail;
  if (prefix.reply === 'yes') return true;
  if (prefix.reply === 'unclear') return inReplyTo !== null || !hasDiff;
  if (hasDiff || inReplyTo === null) return false;
  const parent = byId.get(inReplyTo);
  if (!parent || parent === mail) return false;
  const { number, total, version } = parent.prefix;
  return number === prefix.number && total === prefix.total && version === prefix.version;
}

function noteReplies(replies: readonly Mail[]): string[] {
  const plain = replies.filter((mail) => !mail.hasDiff).length;
  const others = replies.filter((mail) => mail.hasDiff).map((mail) => `"${mail.subject}"`);
  return [
    ...(plain > 0 ? [`${count(plain, 'reply', 'replies')} ${wasOrWere(plain)} dropped`] : []),
    ...(others.length === 1 ? [`a reply was dropped although it contains a diff: ${others[0]}`] : []),
    ...(others.length > 1
      ? [`${others.length} replies were dropped although they contain a diff: ${listSome(others)}`]
      : []),
  ];
}

/** Patches in the order in which they came; of several versions the highest. */
function arrangeUnnumbered(
  posted: readonly Mail[],
  { origin, order, limits }: ArrangeOptions,
  notes: string[],
): Arrangement {
  const found = posted.filter((mail) => mail.hasDiff && mail.prefix.number !== 0);
  const version = found.reduce((highest, mail) => Math.max(highest, mail.prefix.version), 0);
  const isOld = (mail: Mail) =>
    mail.prefix.version < version &&
    // In a directory each file is meant, unless it is an earlier version of another one.
    (order !== 'names' ||
      found.some((one) => one.subject === mail.subject && one.prefix.version > mail.prefix.version));
  const old = found.filter(isOld);
  for (const { prefix, subject } of old.slice(0, 5))
    notes.push(`version ${prefix.version} of "${subject}" was left out because version ${version} is newer`);
  if (old.length > 5) notes.push(`${old.length - 5} more patches of older versions were left out`);
  const newest = found.filter((mail) => !isOld(mail));
  const seen = new Set<string>();
  const patches = newest.filter(({ messageId }) => {
    const isFirst = messageId === null || !seen.has(messageId);
    if (messageId !== null) seen.add(messageId);
    return isFirst;
  });
  const copies = newest.length - patches.length;
  if (copies > 0)
    notes.push(
      `${count(copies, 'repeated copy', 'repeated copies')} of a patch ${wasOrWere(copies)} left out`,
    );
  if (patches.length > 1 && order !== 'names')
    notes.push('not every subject has a number (n/m), so the patches stay in the order in which they came');
  requireWithin(limits, 'patches', patches.length, origin);
  const cover = posted.find((mail) => mail.prefix.number === 0) ?? null;
  return { version, cover, patches, notes: [...notes, ...noteCover(cover)] };
}

function arrangeNumbered(
  postings: readonly Posting[],
  byId: ReadonlyMap<string, Mail>,
  { origin, limits }: ArrangeOptions,
  notes: string[],
  nothing: () => Error,
): Arrangement {
  const version = postings[0]?.version;
  const newest = postings.filter((posting) => posting.version === version);
  const wrong = newest
    .flatMap(({ mails }) => mails)
    .find(({ prefix }) => (prefix.number ?? 0) > (prefix.total ?? 0) || prefix.total === 0);
  if (wrong) throw misnumbered(origin, wrong);
  for (const { total } of newest) requireWithin(limits, 'patches', total, origin);
  const [whole, rival] = newest.filter(isComplete);
  if (whole && rival)
    throw ambiguous(
      origin,
      `a series of ${whole.total} and one of ${rival.total} patches, both version ${whole.version}`,
    );
  const partial = newest[0];
  const reroll = whole || !partial || newest.length > 1 ? null : completeReroll(partial, postings, byId);
  const chosen = whole ?? reroll;
  if (!chosen) {
    refuseDamage(
      origin,
      newest.flatMap(({ mails }) => mails).find((mail) => mail.damage !== null),
    );
    if (!postings.some(({ mails }) => mails.some((mail) => mail.prefix.number !== 0))) throw nothing();
    throw incomplete(origin, postings);
  }
  for (const other of postings)
    if (other !== whole && !(reroll && other.mails.some((mail) => reroll.mails.includes(mail))))
      notes.push(describeLeftOut(other, chosen));
  const pick = (number: number) => pickMail(chosen, number, origin, notes);
  const cover = pick(0);
  const patches = Array.from({ length: chosen.total }, (_, index) => pick(index + 1)).filter(
    (mail) => mail !== null,
  );
  if (reroll) notes.push(describeReroll(chosen.version, cover, patches));
  const isPatch = new Set(patches);
  const came = chosen.mails.filter((mail) => isPatch.has(mail));
  if (!reroll && came.some((mail, index) => mail !== patches[index]))
    notes.push('the patches were sorted by the numbers in their subjects');
  return { version: chosen.version, cover, patches, notes: [...notes, ...noteCover(cover)] };
}

function noteCover(cover: Mail | null): string[] {
  return cover?.hasDiff ? ['the cover letter contains a diff, which is not applied'] : [];
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
    const subjects = listSome(found.map((mail) => `"${mail.subject}"`));
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
