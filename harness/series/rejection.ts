// SPDX-License-Identifier: MIT
import { Fault } from '../model/index.ts';
import { damaged } from './damage.ts';
import type { Mail } from './mail.ts';
import { isComplete, listMissing, type Posting } from './posting.ts';
import { count, joinNumbers, quoteText } from './text.ts';

/** No mail is a patch that can be taken. */
export function empty(origin: string, mails: readonly Mail[], replies: ReadonlySet<Mail>): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_EMPTY',
    message: `${origin} contains ${mails.length === 0 ? 'no mail' : `${count(mails.length, 'mail')}, but no patch`}`,
    details: mails
      .slice(0, 10)
      .map((mail) => `${replies.has(mail) ? 'a reply' : 'no patch'}: ${quoteText(mail.subject)}`),
    next: 'give the output of `git format-patch --stdout` or a mailbox with the whole thread',
  });
}

/** A patch file of a directory has nothing in it. */
export function emptyFile(name: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_EMPTY',
    message: `the patch file ${name} is empty`,
    next: 'write it again with `git format-patch`, or remove it',
  });
}

/** The newest version of the series is not whole. */
export function incomplete(origin: string, postings: readonly Posting[]): Fault {
  const [newest, ...older] = postings;
  const bare = newest ? newest.mails.filter((mail) => !mail.hasDiff && mail.prefix.number !== 0) : [];
  const whole = older.find((posting) => isComplete(posting) && posting.version < (newest?.version ?? 0));
  return new Fault({
    blame: 'request',
    code: 'SERIES_INCOMPLETE',
    message: `${origin} is incomplete: ${newest ? describeGap(newest) : ''}`,
    details: [
      ...bare
        .slice(0, 10)
        .map(
          (mail) =>
            `mail ${mail.prefix.number}/${mail.prefix.total} contains no diff: ${quoteText(mail.subject)}`,
        ),
      ...older.slice(0, 10).map(describeGap),
    ],
    next: whole
      ? `add the missing mails; to try version ${whole.version}, remove the mails of version ${newest?.version}`
      : 'add the missing mails, or renumber the patches with `git format-patch`',
  });
}

function describeGap(posting: Posting): string {
  const missing = listMissing(posting);
  if (missing.length === 0) return `version ${posting.version} is whole, and older`;
  const patches = `${missing.length === 1 ? 'patch' : 'patches'} ${joinNumbers(missing)}`;
  return `version ${posting.version} lacks ${patches} of ${posting.total}`;
}

/** A patch whose number its series cannot have. */
export function misnumbered(origin: string, { subject, prefix }: Mail): Fault {
  const { number, total } = prefix;
  return new Fault({
    blame: 'request',
    code: 'SERIES_MISNUMBERED',
    message: `${origin} contains "${quoteText(subject)}" as patch ${number}/${total}: got number ${number} of ${total}, expected ${(total ?? 0) > 0 ? `0 to ${total}` : 'at least one patch'}`,
    next: 'number the patches with `git format-patch`, or leave the mail out',
  });
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

/** Throws for a mail whose patch a mail program damaged. Fault `SERIES_DAMAGED`. */
export function refuseDamage(origin: string, mail: Mail | undefined): void {
  if (mail?.damage) throw damaged(origin, mail.subject, mail.damage);
}
