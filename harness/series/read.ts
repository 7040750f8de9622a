// SPDX-License-Identifier: MIT
import { digestOf } from '../host/index.ts';
import { Fault, type Series } from '../model/index.ts';
import { arrangeMails } from './arrange.ts';
import { type Mail, readMails } from './mail.ts';
import { readRange } from './range.ts';
import { type Mailbox, readDirectory, readMailbox, readText, type SeriesSource } from './source.ts';
import { splitMailbox, wrapMail } from './split.ts';

interface Intake {
  readonly origin: string;
  readonly mailboxes: readonly Mailbox[];
  readonly base: string | null;
  readonly notes: readonly string[];
}

/**
 * Reads a series from where the user says it is. Faults, all with blame request: `SERIES_NOT_FOUND`,
 * `SERIES_UNREADABLE`, `SERIES_EMPTY`, `SERIES_INCOMPLETE` (names the missing numbers), `SERIES_AMBIGUOUS`,
 * `SERIES_NOT_MAIL`, `SERIES_NO_REPOSITORY`, `SERIES_BAD_RANGE`.
 */
export async function readSeries(
  source: SeriesSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Series> {
  const intake = await takeIn(source, options.signal);
  const mails: Mail[] = [];
  for (const mailbox of intake.mailboxes) {
    for (const raw of await splitMailbox(mailbox.text, options.signal))
      for (const mail of await readMails(raw, options.signal))
        if (mail) mails.push(mail);
        else throw notMail(mailbox.name);
  }
  const arranged = arrangeMails(mails, intake.origin, source.kind === 'directory');
  const { cover, patches } = arranged;
  const mailOf = patches.map((mail) => wrapMail(mail.raw));
  const texts = (cover ? [cover, ...patches] : patches).map((mail) => mail.trailers);
  const notes = [...intake.notes, ...arranged.notes];
  patches.forEach((mail, index) => {
    for (const repair of mail.repairs) notes.push(`patch ${index + 1} ${repair}`);
  });
  const wanted = texts.flatMap((one) => one.prerequisites).length;
  if (wanted > 0)
    notes.push(
      `the series names ${wanted === 1 ? 'a prerequisite patch' : `${wanted} prerequisite patches`}, which it does not bring`,
    );
  return {
    title: cover?.subject ?? patches[0]?.subject ?? intake.origin,
    version: arranged.version,
    cover: cover?.text.trim() ?? null,
    patches: patches.map((mail, index) => ({
      number: index + 1,
      subject: mail.subject,
      author: mail.author,
      messageId: mail.messageId,
      files: mail.files,
      mail: mailOf[index] ?? '',
    })),
    baseCommit: intake.base ?? texts.find((one) => one.base !== null)?.base ?? null,
    digest: digestOf(...mailOf.map((mail) => Buffer.from(mail, 'latin1'))),
    origin: intake.origin,
    notes,
  };
}

async function takeIn(source: SeriesSource, signal?: AbortSignal): Promise<Intake> {
  switch (source.kind) {
    case 'file':
      return { origin: source.path, mailboxes: [await readMailbox(source.path)], base: null, notes: [] };
    case 'directory':
      return { origin: source.path, mailboxes: await readDirectory(source.path), base: null, notes: [] };
    case 'text':
      return { origin: source.name, mailboxes: [readText(source.text, source.name)], base: null, notes: [] };
    case 'range': {
      const { text, base, notes } = await readRange(source.repository, source.range, signal);
      return { origin: source.range, mailboxes: [{ name: source.range, text }], base, notes };
    }
  }
}

function notMail(name: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_NOT_MAIL',
    message: `${name} has no mail headers, so it tells neither author nor subject`,
    next: 'make mails of the commits with `git format-patch`',
  });
}
