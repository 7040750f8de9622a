// SPDX-License-Identifier: MIT
import PostalMime, { type Email } from 'postal-mime';
import { makeScratch } from '../host/index.ts';
import { Fault, type MailHead } from '../model/index.ts';
import { type Content, decodeContent, hasDiff } from './content.ts';
import { stripEnvelope } from './split.ts';
import { parsePrefix, type SubjectPrefix } from './subject.ts';
import { decodeText } from './text.ts';

/** A mail as bytes, without the `From ` line of a mailbox. */
export interface RawMail {
  /** The file or other source, for messages. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** One mail, decoded. */
export interface Mail extends MailHead, Omit<Content, 'date'> {
  readonly prefix: SubjectPrefix;
  readonly inReplyTo: string | null;
}

/** The headers that a later reply to the series needs. */
const KEPT_HEADER = /^(?:to|cc|reply-to|in-reply-to|references):/i;
const MAIL_HEADER = /^(?:from|subject|date|message-id):/i;

/**
 * Decodes mails. A mail that has whole patches (`git format-patch` files) as attachments becomes those patches.
 * Faults `SERIES_NOT_MAIL`, `SERIES_UNREADABLE`.
 */
export async function readMails(raws: readonly RawMail[], signal?: AbortSignal): Promise<Mail[]> {
  await using scratch = await makeScratch('series');
  const mails: Mail[] = [];
  for (const raw of raws) {
    if (!listHeaders(raw.bytes).some((line) => MAIL_HEADER.test(line))) throw notMail(raw.name);
    for (const part of await listParts(raw.bytes)) {
      const content = await decodeContent(raw.name, part.bytes, scratch.path, signal);
      mails.push({
        ...content,
        repairs: [...part.repairs, ...content.repairs],
        prefix: parsePrefix(part.subject ?? ''),
        messageId: part.head.messageId ?? null,
        inReplyTo: part.head.inReplyTo ?? null,
        headers: listHeaders(part.bytes).filter((line) => KEPT_HEADER.test(line)),
      });
    }
  }
  return mails;
}

interface Part {
  readonly bytes: Buffer;
  readonly head: Email;
  /** The subject that gives the place in the series. */
  readonly subject: string | undefined;
  readonly repairs: readonly string[];
}

/** The mail itself, or the patches that it has as attachments. */
async function listParts(bytes: Buffer): Promise<Part[]> {
  const outer = await parseHeaders(bytes);
  const attached = listAttachedMails(outer);
  if (attached.length === 0) return [{ bytes, head: outer, subject: outer.subject, repairs: [] }];
  return Promise.all(
    attached.map(async (mail) => {
      const head = await parseHeaders(mail);
      const isNumbered = parsePrefix(head.subject ?? '').number !== null || attached.length > 1;
      const subject = isNumbered ? head.subject : outer.subject;
      return { bytes: mail, head, subject, repairs: ['came as an attachment'] };
    }),
  );
}

function parseHeaders(mail: Buffer): Promise<Email> {
  return PostalMime.parse(mail, { attachmentEncoding: 'arraybuffer' });
}

/** The header lines of a mail, unfolded. */
function listHeaders(mail: Buffer): string[] {
  const end = mail.indexOf('\n\n');
  const head = decodeText(end === -1 ? mail : mail.subarray(0, end));
  return head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
}

function listAttachedMails(email: Email): Buffer[] {
  return email.attachments
    .map(({ content }) => Buffer.from(content as ArrayBuffer))
    .map((bytes) => bytes.toString('latin1').replaceAll('\r\n', '\n'))
    .filter((text) => /^From(?: [0-9a-f]{40,64} |: )/.test(text) && /^Subject: /m.test(text) && hasDiff(text))
    .map((text) => stripEnvelope(Buffer.from(text, 'latin1')));
}

function notMail(name: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_NOT_MAIL',
    message: `${name} has no mail headers, so author and subject are unknown`,
    next: 'make mails of the commits with `git format-patch`',
  });
}
