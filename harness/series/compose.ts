// SPDX-License-Identifier: MIT
import type { MailHead, Patch, Series } from '../model/index.ts';

/** The separator that mail archives use in mailboxes of the mboxrd form. */
const ENVELOPE = 'From mboxrd@z Thu Jan  1 00:00:00 1970\n';

/** A message that git would read as header lines of the commit if nothing stood before it. */
const LIKE_A_HEADER = /^(?:>?From|Subject|Date|\[PATCH\])/i;

/**
 * A series as a mailbox in the mboxrd form: the cover letter, if there is one, and the numbered patches.
 * `readSeries` gives the same series and digest back, except for `origin` and `notes`.
 */
export function writeSeries(series: Series): Uint8Array {
  const { cover, patches } = series;
  const version = series.version === 1 ? '' : ` v${series.version}`;
  const prefix = (number: number) => `PATCH${version} ${number}/${patches.length}`;
  return Buffer.concat([
    ...(cover ? [composeMail(cover, prefix(0), cover.text)] : []),
    ...patches.map((patch, index) => composePatch(patch, prefix(index + 1))),
  ]);
}

/** A patch as a mail in the mboxrd form, for `git am`. */
export function composePatch(patch: Patch, prefix = 'PATCH'): Uint8Array {
  return composeMail(patch, prefix, patch.message, patch.diff);
}

function composeMail(head: MailHead, prefix: string, text: string, diff: Uint8Array = Buffer.of()): Buffer {
  const author = `From: ${encodeAuthor(head.author)}\n`;
  const guard = LIKE_A_HEADER.test(text) ? `${author}\n` : '';
  const body = Buffer.concat([Buffer.from(`${guard}${text}${text === '' ? '' : '\n'}`), diff]);
  const lines = [
    `Date: ${head.date}`,
    `Subject: ${encodeText(`[${prefix}] ${head.subject}`)}`,
    ...(head.messageId === null ? [] : [`Message-ID: ${head.messageId}`]),
    ...head.headers,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=UTF-8',
    'Content-Transfer-Encoding: 8bit',
  ];
  return Buffer.concat([Buffer.from(`${ENVELOPE}${author}${lines.join('\n')}\n\n`), quoteBody(body)]);
}

function quoteBody(body: Buffer): Buffer {
  const quoted = body.toString('latin1').replace(/(?<=^|\n)>*From /g, '>$&');
  return Buffer.from(quoted.endsWith('\n') ? quoted : `${quoted}\n`, 'latin1');
}

function encodeAuthor(author: string): string {
  const [, name = '', address = author] = /^(.*) (<[^<]*>)$/.exec(author) ?? [];
  const quoted = /["\\(),:;<>@[\]]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
  return `${encodeText(quoted)} ${address}`.trim();
}

/** A header's text in the form of RFC 2047, if it needs one. */
function encodeText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes('=?')) return text;
  const pieces = [''];
  for (const character of text) {
    const longer = `${pieces.at(-1)}${character}`;
    if (Buffer.byteLength(longer) <= 45) pieces[pieces.length - 1] = longer;
    else pieces.push(character);
  }
  return pieces.map((piece) => `=?UTF-8?B?${Buffer.from(piece).toString('base64')}?=`).join('\n ');
}
