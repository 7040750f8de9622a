// SPDX-License-Identifier: MIT
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';
import { runCommand } from '../host/index.ts';
import { type Message, parseSubject } from './message.ts';

/** Git without the user's configuration, hooks or signing. */
export const GIT_ALONE: Readonly<Record<string, string>> = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

/** Splits a mailbox with git and reads each mail. A single mail without a `From ` line is a mailbox of one. */
export async function readMailbox(bytes: Uint8Array, signal?: AbortSignal): Promise<Message[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'ktrial-mail-'));
  const settings = { env: GIT_ALONE, ...(signal ? { signal } : {}) };
  try {
    const text = Buffer.from(bytes).toString('latin1');
    const mails = join(scratch, 'mails');
    await runCommand('mkdir', [mails]);
    if (/^From \S+.*\d/m.test(text.slice(0, text.indexOf('\n') + 1))) {
      const mailbox = join(scratch, 'mbox');
      // mboxrd only where lines are quoted that way: a plain mbox has single-quoted lines, and both are undone alike.
      await writeFile(mailbox, Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1'));
      await runCommand('git', ['mailsplit', '--mboxrd', '-d8', `-o${mails}`, mailbox], settings);
    } else await writeFile(join(mails, '00000001'), Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1'));
    const messages: Message[] = [];
    for (const name of (await readdir(mails)).sort()) {
      messages.push(await readMail(join(mails, name), messages.length, scratch, settings));
    }
    return messages;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function readMail(path: string, position: number, scratch: string, settings: { env: Readonly<Record<string, string>>; signal?: AbortSignal }): Promise<Message> {
  const raw = await readFile(path);
  const email = await PostalMime.parse(raw);
  const [bodyPath, diffPath] = [join(scratch, 'body'), join(scratch, 'diff')];
  // git undoes the transfer encoding, finds the patch among the parts and writes UTF-8.
  await runCommand('git', ['mailinfo', '--encoding=UTF-8', '--no-scissors', bodyPath, diffPath], { ...settings, input: raw, accept: 'any' });
  const body = await readFile(bodyPath, 'utf8').catch(() => '');
  const diff = await readFile(diffPath, 'utf8').catch(() => '');
  const rawSubject = (email.subject ?? '').replace(/\s+/g, ' ');
  const author = describeAuthor(email);
  const mark = parseSubject(rawSubject);
  return {
    position,
    rawSubject,
    mark,
    author,
    messageId: email.messageId ?? null,
    body,
    diff: /^(diff --git |--- \S)/m.test(diff) ? diff : '',
    mail: writeMail({ author, date: email.date ?? 'Thu, 1 Jan 1970 00:00:00 +0000', subject: mark.subject, body, diff }),
  };
}

function describeAuthor(email: Email): string {
  const name = email.from?.name ?? '';
  const address = email.from?.address ?? 'unknown@localhost';
  return name === '' ? `${address} <${address}>` : `${name} <${address}>`;
}

/** A plain mail in UTF-8 that `git am` reads back to the same author, message and diff. */
function writeMail(parts: { readonly author: string; readonly date: string; readonly subject: string; readonly body: string; readonly diff: string }): string {
  const date = new Date(parts.date);
  const when = Number.isNaN(date.getTime()) ? 'Thu, 1 Jan 1970 00:00:00 +0000' : date.toUTCString().replace('GMT', '+0000');
  return [
    'From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001',
    `From: ${encodeHeader(parts.author)}`,
    `Date: ${when}`,
    `Subject: [PATCH] ${encodeHeader(parts.subject)}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=UTF-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    `${parts.body.trimEnd()}\n${parts.diff.startsWith('---\n') ? '' : '---\n'}${parts.diff}`,
  ].join('\n');
}

/** RFC 2047 for what is not ASCII. */
function encodeHeader(text: string): string {
  const address = /^(.*) (<[^>]*>)$/.exec(text);
  const words = address?.[1] ?? text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant
  if (/^[\x00-\x7f]*$/.test(words)) return text;
  const encoded = `=?UTF-8?B?${Buffer.from(words).toString('base64')}?=`;
  return address ? `${encoded} ${address[2]}` : encoded;
}
