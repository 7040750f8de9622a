// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git, withScratch } from './git.ts';

const ENVELOPE = 'From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n';

/**
 * Parts a mailbox into mails with `git mailsplit`: line ends become LF, `>From ` is unquoted. A text that does not
 * begin with a `From ` line is one mail. Texts here are bytes, one character each (latin1).
 */
export async function splitMailbox(mailbox: string, signal?: AbortSignal): Promise<string[]> {
  const text = mailbox.replace(/^(?:\xef\xbb\xbf)?\s*(?=\S)/, '');
  if (text.trim() === '') return [];
  return withScratch(async (directory) => {
    const style = text.startsWith('From ') ? ['--mboxrd'] : ['-b'];
    await git(['mailsplit', '-d6', ...style, `-o${directory}`], {
      input: Buffer.from(text, 'latin1'),
      signal,
    });
    const names = (await readdir(directory)).sort();
    const pieces = await Promise.all(names.map((name) => readFile(join(directory, name), 'latin1')));
    return joinPieces(pieces).map(stripEnvelope);
  });
}

/** A piece that has no header after its `From ` line is the rest of the mail before it: a body line looked like one. */
export function joinPieces(pieces: readonly string[]): string[] {
  const mails: string[] = [];
  for (const piece of pieces) {
    const startsMail = !piece.startsWith('From ') || /^From .*\n[!-9;-~]+:/.test(piece);
    const previous = mails.pop();
    if (previous === undefined) mails.push(piece);
    else if (startsMail) mails.push(previous, piece);
    else mails.push(previous + piece);
  }
  return mails;
}

function stripEnvelope(mail: string): string {
  return mail.startsWith('From ') ? mail.slice(mail.indexOf('\n') + 1) : mail;
}

/** One mail as a mailbox in the mboxrd form, where every body line that begins with `From ` is quoted. */
export function wrapMail(mail: string): string {
  return ENVELOPE + mail.replace(/^(>*From )/gm, '>$1') + (mail.endsWith('\n') ? '' : '\n');
}
