// SPDX-License-Identifier: MIT
import { decodeWords } from 'postal-mime';
import { Fault, type Limits, requireWithin } from '../model/index.ts';
import { readBody } from './body.ts';
import { type Damage, findDisguisedDiff } from './damage.ts';
import { readDate } from './date.ts';
import { hasDiff } from './diff.ts';
import { type Entity, findBody, findHeader, listIds, readEntity } from './header.ts';
import { listLeaves } from './mime.ts';
import { type Piece, stripEnvelope, unquoteFrom } from './split.ts';
import { findStuckMail } from './stuck.ts';
import { isForward, parsePrefix, type SubjectPrefix } from './subject.ts';

/** What decides whether and where a mail belongs to a series. Its text is read when it has been chosen. */
export interface Mail {
  /** The mailbox that it is in, for messages. */
  readonly name: string;
  /** Where it is: number of the mailbox, number of the mail in it, number of the patch that it has as an attachment. */
  readonly box: number;
  readonly index: number;
  readonly part: number | null;
  /** Without marks and brackets. */
  readonly subject: string;
  readonly prefix: SubjectPrefix;
  readonly messageId: string | null;
  readonly inReplyTo: string | null;
  /** Ids of all mails that it answers, itself or through others. */
  readonly ancestors: readonly string[];
  /** Milliseconds since 1970, or null for a mail without a readable date. */
  readonly sentAt: number | null;
  readonly hasDiff: boolean;
  /** Signs of a diff that cannot be read. */
  readonly damage: Damage | null;
}

/** A mail or an attached patch, apart. */
export interface Part extends Entity {
  /** Raw header lines. */
  readonly head: Buffer;
  readonly repairs: readonly string[];
  /** Whether it is a whole mail inside of a mail, as forwarding makes it. */
  readonly isForwarded: boolean;
}

const MAIL_HEADER = /^(?:from|subject|date|message-id):/i;

/**
 * Reads what the headers of a mail say, and whether it contains a diff. A mail that has whole patches (`git format-patch`
 * files) as attachments becomes those. Faults `SERIES_NOT_MAIL`, `SERIES_NO_SEPARATOR`, `LIMIT_EXCEEDED` (`header-kib`,
 * `mime-depth`).
 */
export function indexMail(piece: Piece, place: Pick<Mail, 'name' | 'box' | 'index'>, limits: Limits): Mail[] {
  const { name } = place;
  const body = findBody(piece.bytes);
  const most = limits['header-kib'] * 1024;
  const start = readEntity(piece.bytes.subarray(0, Math.min(body, most)));
  const [first = ''] = start.headers;
  if (!/^[!-9;-~]+:/.test(first) || !start.headers.some((line) => MAIL_HEADER.test(line)))
    throw notMail(name, first);
  requireWithin(
    limits,
    'header-kib',
    Math.ceil(body / 1024),
    `the headers of mail ${place.index + 1} of ${name}`,
    true,
  );
  const outer = ownSubject(start);
  // Unquoting changes no header.
  const headers = isMultipart(start) ? null : start.headers;
  const parts =
    headers === null
      ? listParts(piece, name, limits)
      : [{ headers, body: piece.bytes.subarray(body), head: start.body, repairs: [], isForwarded: false }];
  return parts.map((part, index): Mail => {
    const isWhole = parts.length === 1 && part.repairs.length === 0;
    const inner = ownSubject(part);
    const isNumbered = parsePrefix(inner).number !== null || parts.length > 1;
    const isForwarded = part.isForwarded && isForward(outer);
    const subject = isWhole || isNumbered || isForwarded ? inner : outer;
    const prefix = parsePrefix(subject);
    const text = readBody(part, name, limits);
    const isDiff = !text.isHtml && hasDiff(text.bytes);
    if (isDiff && isWhole && findStuckMail(text.bytes)) throw noSeparator(name);
    const answered = listIds(findHeader(part.headers, 'in-reply-to')).map(own);
    return {
      ...place,
      part: isWhole ? null : index,
      subject: prefix.title,
      prefix,
      messageId: listIds(findHeader(part.headers, 'message-id')).map(own)[0] ?? null,
      inReplyTo: answered[0] ?? null,
      ancestors: [...answered, ...listIds(findHeader(part.headers, 'references')).slice(-50).map(own)],
      sentAt: readDate(findHeader(part.headers, 'date') ?? '').sentAt,
      hasDiff: isDiff,
      damage:
        isDiff || prefix.reply === 'yes'
          ? null
          : findDisguisedDiff(text.bytes.toString('latin1'), text.isHtml),
    };
  });
}

/** The mail itself, or the patches that it has as attachments. */
export function listParts(piece: Piece, name: string, limits: Limits): Part[] {
  const whole = readPart(unquoteFrom(piece), [], false);
  if (!isMultipart(whole)) return [whole];
  const attached = listLeaves(whole, name, limits)
    .map((leaf) => ({ type: leaf.type, text: leaf.read().toString('latin1').replaceAll('\r\n', '\n') }))
    .filter(({ type, text }) => type === 'message/rfc822' || isPatchFile(text))
    .map(({ type, text }) =>
      readPart(
        stripEnvelope(Buffer.from(text, 'latin1')),
        ['came as an attachment'],
        type === 'message/rfc822',
      ),
    )
    .filter((part) => hasDiff(readBody(part, name, limits).bytes));
  return attached.length === 0 ? [whole] : attached;
}

function isMultipart({ headers }: Entity): boolean {
  return /multipart\//i.test(findHeader(headers, 'content-type') ?? '');
}

function isPatchFile(text: string): boolean {
  return /^From(?: [0-9a-f]{40,64} |: )/.test(text) && /^Subject: /m.test(text);
}

function readPart(bytes: Buffer, repairs: readonly string[], isForwarded: boolean): Part {
  return { ...readEntity(bytes), head: bytes.subarray(0, findBody(bytes)), repairs, isForwarded };
}

function ownSubject({ headers }: Entity): string {
  return own(decodeWords(findHeader(headers, 'subject') ?? ''));
}

/** A copy: a piece of a long string keeps all of it in memory. */
function own(text: string): string {
  return Buffer.from(text).toString();
}

function notMail(name: string, first: string): Fault {
  const isHtml = /^\s*<(?:!doctype|html|head|body|pre)/i.test(first);
  return new Fault({
    blame: 'request',
    code: 'SERIES_NOT_MAIL',
    message: isHtml
      ? `${name} is a page of HTML and no mail`
      : `${name} has no mail headers, so author and subject are unknown`,
    next: isHtml
      ? 'get the mails themselves: mail archives offer them as `raw` or `mbox.gz`, and `b4 am` fetches them'
      : 'make mails of the commits with `git format-patch`',
  });
}

function noSeparator(name: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_NO_SEPARATOR',
    message: `${name} contains several mails without a \`From \` line between them, so nobody can tell where one ends`,
    next: 'put each mail into a file of a directory and name the directory, or export a mailbox from the mail program',
  });
}
