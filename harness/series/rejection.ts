// SPDX-License-Identifier: MIT
import { Fault } from '../model/index.ts';
import type { Mail } from './mail.ts';
import { listMissing, type Posting } from './posting.ts';
import { count, joinNumbers } from './text.ts';

/** No mail is a patch that can be taken. */
export function empty(origin: string, mails: readonly Mail[], replies: readonly Mail[]): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_EMPTY',
    message: `${origin} contains ${mails.length === 0 ? 'no mail' : `${count(mails.length, 'mail')}, but no patch`}`,
    details: mails
      .slice(0, 10)
      .map((mail) => `${replies.includes(mail) ? 'a reply' : 'no patch'}: ${mail.subject}`),
    next: 'give the output of `git format-patch --stdout` or a mailbox with the whole thread',
  });
}

/** No posting of the series is complete. */
export function incomplete(origin: string, postings: readonly Posting[]): Fault {
  const [newest, ...older] = postings;
  const bare = newest ? newest.mails.filter((mail) => !mail.diff && mail.prefix.number !== 0) : [];
  return new Fault({
    blame: 'request',
    code: 'SERIES_INCOMPLETE',
    message: `${origin} is incomplete: ${newest ? describeGap(newest) : ''}`,
    details: [
      ...bare.map(
        (mail) => `mail ${mail.prefix.number}/${mail.prefix.total} contains no diff: ${mail.subject}`,
      ),
      ...older.map(describeGap),
    ],
    next: 'add the missing mails, or renumber the patches with `git format-patch`',
  });
}

function describeGap(posting: Posting): string {
  const missing = listMissing(posting);
  const patches = `${missing.length === 1 ? 'patch' : 'patches'} ${joinNumbers(missing)}`;
  return `version ${posting.version} lacks ${patches} of ${posting.total}`;
}

/** Mails of two series that nobody can tell apart. */
export function ambiguous(origin: string, what: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_AMBIGUOUS',
    message: `${origin} contains ${what}`,
    next: 'put only the mails of one series into the mailbox',
  });
}
