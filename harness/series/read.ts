// SPDX-License-Identifier: MIT
import { digestOf } from '../host/index.ts';
import { Fault, type MailHead, type Patch, type Series } from '../model/index.ts';
import { arrangeMails } from './arrange.ts';
import { normaliseDiff } from './diff.ts';
import { type Mail, readMails } from './mail.ts';
import { readSource, type SeriesSource } from './source.ts';
import { count } from './text.ts';

/**
 * Reads a series from where the user says it is. Faults, all with blame request: `SERIES_NOT_FOUND`,
 * `SERIES_UNREADABLE`, `SERIES_EMPTY`, `SERIES_INCOMPLETE` (names the missing numbers), `SERIES_AMBIGUOUS`,
 * `SERIES_NOT_MAIL`, `SERIES_NO_AUTHOR`, `SERIES_NO_REPOSITORY`, `SERIES_BAD_RANGE`.
 */
export async function readSeries(
  source: SeriesSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Series> {
  const intake = await readSource(source, options.signal);
  const { origin } = intake;
  const mails = await readMails(intake.mails, options.signal);
  const { version, cover, patches: chosen, notes } = arrangeMails(mails, origin, intake.order);
  const patches = chosen.map((mail, index) => makePatch(mail, index + 1, origin));
  const all = cover ? [cover, ...chosen] : chosen;
  return {
    title: cover?.subject ?? patches[0]?.subject ?? origin,
    version,
    cover: cover ? { ...headOf(cover), text: cover.message } : null,
    patches,
    baseCommit: all.find((mail) => mail.trailers.base !== null)?.trailers.base ?? null,
    digest: digestPatches(patches),
    origin,
    notes: [...intake.notes, ...notes, ...noteRepairs(chosen), ...notePrerequisites(all)],
  };
}

function makePatch(mail: Mail, number: number, origin: string): Patch {
  if (mail.author === '') throw noAuthor(origin, mail.subject);
  const { message, files } = mail;
  return { ...headOf(mail), number, message, diff: mail.diff ?? Buffer.of(), files };
}

function headOf({ subject, author, date, messageId, headers }: Mail): MailHead {
  return { subject, author, date, messageId, headers };
}

function digestPatches(patches: readonly Patch[]): string {
  return digestOf(
    ...patches.flatMap(({ subject, author, message, diff }) => [
      subject,
      author,
      message,
      normaliseDiff(diff),
    ]),
  );
}

function noteRepairs(patches: readonly Mail[]): string[] {
  return patches.flatMap((mail, index) => mail.repairs.map((repair) => `patch ${index + 1} ${repair}`));
}

function notePrerequisites(mails: readonly Mail[]): string[] {
  const amount = mails.flatMap((mail) => mail.trailers.prerequisites).length;
  const patches = count(amount, 'prerequisite patch', 'prerequisite patches');
  return amount === 0 ? [] : [`the series names ${patches} that it does not contain`];
}

function noAuthor(origin: string, subject: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_NO_AUTHOR',
    message: `${origin} contains a patch without an author: "${subject}"`,
    next: 'add a `From:` header with name and address to the mail',
  });
}
