// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeScratch, runGit } from '../host/index.ts';

/** The separator that `git format-patch` writes. It does not quote lines of the message that begin with `From `. */
const FORMAT_PATCH = /^From [0-9a-f]{40,64} Mon Sep 17 00:00:00 2001\r?\n/;

/**
 * Splits a mailbox into mails with `git mailsplit`. `>From ` is unquoted unless the mailbox is the output of
 * `git format-patch`. Line ends become LF; carriage returns in a mail whose headers have none belong to its diff.
 * Bytes that do not begin with a `From ` line are one mail.
 */
export async function splitMailbox(mailbox: Uint8Array, signal?: AbortSignal): Promise<Buffer[]> {
  const bytes = skipBlank(Buffer.from(mailbox));
  if (bytes.length === 0) return [];
  const start = bytes.toString('latin1', 0, 120);
  const isQuoted = start.startsWith('From ') && !FORMAT_PATCH.test(start);
  const style = isQuoted ? '--mboxrd' : '-b';
  await using scratch = await makeScratch('series');
  await runGit(['mailsplit', '-d6', '--keep-cr', style, `-o${scratch.path}`], { input: bytes, signal });
  const names = (await readdir(scratch.path)).sort();
  const pieces = await Promise.all(names.map((name) => readFile(join(scratch.path, name))));
  return joinPieces(pieces).map((mail) => withLf(stripEnvelope(mail)));
}

/** Without a byte order mark and blank lines at the start. */
function skipBlank(bytes: Buffer): Buffer {
  const [blank] = /^(?:\xef\xbb\xbf)?\s*/.exec(bytes.toString('latin1', 0, 4096)) ?? [''];
  return bytes.subarray(blank.length);
}

/** Joins a piece without mail headers to the mail before it: its `From ` line was a line of that mail's body. */
function joinPieces(pieces: readonly Buffer[]): Buffer[] {
  const mails: Buffer[] = [];
  for (const piece of pieces) {
    const start = piece.toString('latin1', 0, 4096);
    const startsMail = !start.startsWith('From ') || /^From [^\n]*\n[!-9;-~]+:/.test(start);
    const previous = mails.pop();
    if (previous === undefined) mails.push(piece);
    else if (startsMail) mails.push(previous, piece);
    else mails.push(Buffer.concat([previous, piece]));
  }
  return mails;
}

function withLf(mail: Buffer): Buffer {
  if (mail[mail.indexOf('\n') - 1] !== 0x0d) return mail;
  return Buffer.from(mail.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

/** A mail without the `From ` line of its mailbox. */
export function stripEnvelope(mail: Buffer): Buffer {
  return mail.toString('latin1', 0, 5) === 'From ' ? mail.subarray(mail.indexOf('\n') + 1) : mail;
}
