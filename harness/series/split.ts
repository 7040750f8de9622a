// SPDX-License-Identifier: MIT

/** One mail of a mailbox. */
export interface Piece {
  /** Without the mailbox's `From ` line, with LF line ends, and `>From ` not yet unquoted. */
  readonly bytes: Buffer;
  /** Its size in the mailbox. */
  readonly size: number;
  /** Whether it is larger than what is kept of a mail. */
  readonly isCut: boolean;
  /** Whether the mailbox quotes body lines that begin with `From `, as mail archives do. */
  readonly isQuoted: boolean;
}

/** The separator that `git format-patch` writes. It does not quote lines of the message that begin with `From `. */
const FORMAT_PATCH = /^From [0-9a-f]{40,64} Mon Sep 17 00:00:00 2001\r?\n/;
/** A `From ` line as mailboxes have it, with a time and a year, and the start of a header below it. */
const SEPARATOR = /^From [^\n]*\d\d:\d\d[^\n]*\b(?:19[7-9]|2\d\d)\d\b[^\n]*\n[!-9;-~]+:/;
/** `From x 00:00 1970`. */
const SHORTEST_SEPARATOR = 15;
/** More than the longest separator with the name of the header below it. */
const SEPARATOR_BYTES = 1024;
const NEEDLE = Buffer.from('\nFrom ');

/**
 * Splits a mailbox into its mails as its bytes come. Bytes that do not begin with a `From ` line are one mail. A `From ` line
 * without a header below it belongs to the body of its mail.
 */
export async function* splitMailbox(chunks: AsyncIterable<Buffer>, mostBytes: number): AsyncGenerator<Piece> {
  let buffer: Buffer = Buffer.of();
  let mail: { parts: Buffer[]; size: number } | null = null;
  let style: { readonly isMailbox: boolean; readonly isQuoted: boolean } | null = null;
  const keep = (bytes: Buffer) => {
    mail ??= { parts: [], size: 0 };
    const room = mostBytes - mail.size;
    if (room > 0) mail.parts.push(bytes.subarray(0, room));
    mail.size += bytes.length;
  };
  const take = (): Piece[] => {
    if (mail === null) return [];
    const { parts, size } = mail;
    mail = null;
    return [
      {
        bytes: withLf(stripEnvelope(joinParts(parts))),
        size,
        isCut: size > mostBytes,
        isQuoted: style?.isQuoted ?? false,
      },
    ];
  };
  const advance = function* (isLast: boolean): Generator<Piece> {
    if (style === null) {
      buffer = skipBlank(buffer);
      if (buffer.length === 0 || (!isLast && buffer.length < SEPARATOR_BYTES)) return;
      style = findStyle(buffer);
    }
    let at = 0;
    // A match starts inside of the buffer: what may be the start of one waits for more bytes.
    const end = isLast ? buffer.length : Math.max(0, buffer.length - SEPARATOR_BYTES);
    while (style.isMailbox && at < end) {
      const found = buffer.indexOf(NEEDLE, at);
      if (found === -1 || found >= end) break;
      if (isSeparator(buffer, found + 1)) {
        keep(buffer.subarray(at, found + 1));
        yield* take();
        at = found + 1;
      } else {
        keep(buffer.subarray(at, found + 1));
        at = found + 1;
      }
    }
    if (end > at) {
      keep(buffer.subarray(at, end));
      at = end;
    }
    buffer = buffer.subarray(at);
  };
  for await (const chunk of chunks) {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    yield* advance(false);
  }
  yield* advance(true);
  yield* take();
}

/** Whether a mail begins at a place. Most lines that are none are too short, which is cheap to see. */
function isSeparator(buffer: Buffer, at: number): boolean {
  const end = buffer.indexOf(0x0a, at);
  if (end !== -1 && end - at < SHORTEST_SEPARATOR) return false;
  return SEPARATOR.test(buffer.toString('latin1', at, at + SEPARATOR_BYTES));
}

function findStyle(start: Buffer): { readonly isMailbox: boolean; readonly isQuoted: boolean } {
  const text = start.toString('latin1', 0, 120);
  const isMailbox = text.startsWith('From ');
  return { isMailbox, isQuoted: isMailbox && !FORMAT_PATCH.test(text) };
}

/** Pieces of one buffer that lie side by side are not copied. */
function joinParts(parts: readonly Buffer[]): Buffer {
  const [first = Buffer.of(), ...others] = parts;
  return others.length === 0 ? first : Buffer.concat([first, ...others]);
}

/** Without a byte order mark and blank lines at the start. */
function skipBlank(bytes: Buffer): Buffer {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (at < bytes.length && [0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d].includes(bytes[at] ?? 0)) at++;
  return bytes.subarray(at);
}

/** Carriage returns in a mail whose headers have none belong to its diff. */
function withLf(mail: Buffer): Buffer {
  if (mail[mail.indexOf('\n') - 1] !== 0x0d) return mail;
  return Buffer.from(mail.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

/** A mail without the `From ` line of its mailbox. */
export function stripEnvelope(mail: Buffer): Buffer {
  return mail.toString('latin1', 0, 5) === 'From ' ? mail.subarray(mail.indexOf('\n') + 1) : mail;
}

/** The bytes of a mail as they were before a mailbox quoted its lines that begin with `From `. */
export function unquoteFrom({ bytes, isQuoted }: Piece): Buffer {
  if (!isQuoted || !bytes.includes('>From ')) return bytes;
  return Buffer.from(bytes.toString('latin1').replace(/(?<=^|\n)>(>*From )/g, '$1'), 'latin1');
}
