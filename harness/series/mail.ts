// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';
import { git, withScratch } from './git.ts';
import { parsePrefix, type SubjectPrefix } from './subject.ts';

/** One mail, decoded. */
export interface Mail {
  /** The bytes, one character each (latin1), without the `From ` line of the mailbox. */
  readonly raw: string;
  /** Without the bracketed prefix, as git commits it. */
  readonly subject: string;
  readonly prefix: SubjectPrefix;
  /** `Name <address>`, the one in the body where the body begins with `From:`. */
  readonly author: string;
  readonly messageId: string | null;
  readonly inReplyTo: string | null;
  /** Milliseconds since 1970, or null where the mail has no date that can be read. */
  readonly sentAt: number | null;
  /** What stands before the diff, or all the text where there is none. */
  readonly text: string;
  readonly hasDiff: boolean;
  readonly files: readonly string[];
  readonly trailers: BaseTrailers;
  /** What was set right, each the end of a sentence that begins with the mail's name. */
  readonly repairs: readonly string[];
}

/** What a mail says about the tree that it was made for, as `git format-patch --base` writes it. */
export interface BaseTrailers {
  readonly base: string | null;
  readonly prerequisites: readonly string[];
}

/** A date for mails without one, so that the commit made of them is always the same. */
const NO_DATE = 'Sat, 1 Jan 2000 00:00:00 +0000';
const DIFF = /^(?:diff --git |Index: \S|--- \S.*\n\+\+\+ \S.*\n@@ )/m;

/**
 * Reads one mail, or several where a mail carries whole patches (`git format-patch` files) as attachments.
 * Null stands for a text that has no mail headers.
 */
export async function readMails(raw: string, signal?: AbortSignal): Promise<(Mail | null)[]> {
  const parsed = await PostalMime.parse(Buffer.from(raw, 'latin1'), { attachmentEncoding: 'arraybuffer' });
  if (!/^(?:from|subject|date|message-id):/im.test(raw.split('\n\n', 1)[0] ?? '')) return [null];
  const carried = attachedMails(parsed);
  if (carried.length === 0) return [await decode(raw, parsed, parsed.subject ?? '', signal)];
  const mails: (Mail | null)[] = [];
  for (const inner of carried) {
    const email = await PostalMime.parse(Buffer.from(inner, 'latin1'));
    const named = parsePrefix(email.subject ?? '').number !== null || carried.length > 1;
    const subject = (named ? email.subject : parsed.subject) ?? '';
    mails.push(await decode(inner, email, subject, signal, ['came as an attachment']));
  }
  return mails;
}

function attachedMails(email: Email): string[] {
  return email.attachments
    .map(({ content }) =>
      Buffer.from(content as ArrayBuffer)
        .toString('latin1')
        .replaceAll('\r\n', '\n'),
    )
    .filter((text) => /^From(?: [0-9a-f]{40} |: )/.test(text) && /^Subject: /m.test(text) && DIFF.test(text))
    .map((text) => text.replace(/^From [^\n]*\n/, ''));
}

async function decode(
  raw: string,
  email: Email,
  subject: string,
  signal: AbortSignal | undefined,
  repairs: readonly string[] = [],
): Promise<Mail> {
  return withScratch(async (directory) => {
    const read = (name: string) => readFile(join(directory, name), 'latin1');
    const { stdout } = await git(['mailinfo', '--quoted-cr=nowarn', 'message', 'patch'], {
      cwd: directory,
      input: Buffer.from(raw, 'latin1'),
      signal,
    });
    const info = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stdout)?.[1]?.trim() ?? '';
    const message = await read('message');
    const patch = await read('patch');
    const hasDiff = DIFF.test(patch.replaceAll('\r\n', '\n'));
    const mail = {
      raw,
      subject: info('Subject'),
      prefix: parsePrefix(subject),
      author: info('Email') === '' ? info('Author') : `${info('Author')} <${info('Email')}>`.trim(),
      messageId: email.messageId ?? null,
      inReplyTo: email.inReplyTo ?? null,
      sentAt: timeOf(info('Date')),
      text: toText(hasDiff ? message : message + patch),
      hasDiff,
      files: [],
      trailers: readTrailers(message + patch),
      repairs,
    };
    if (!hasDiff) return mail;
    const mended = mend(mail, { date: info('Date'), message, patch });
    const files = await askFiles(mended.patch, directory, signal);
    return { ...mail, raw: mended.raw, files, repairs: [...repairs, ...mended.repairs] };
  });
}

function readTrailers(text: string): BaseTrailers {
  return {
    base: /^base-commit: ([0-9a-f]{7,64})\s*$/m.exec(text)?.[1] ?? null,
    prerequisites: [...text.matchAll(/^prerequisite-patch-id: ([0-9a-f]{7,64})\s*$/gm)].map(
      (one) => one[1] ?? '',
    ),
  };
}

interface Parts {
  readonly date: string;
  readonly message: string;
  readonly patch: string;
}

/** Mends what `git am` would read differently each time, or not at all: a missing date, encoded CRLF line ends. */
function mend(mail: Mail, parts: Parts): { raw: string; patch: string; repairs: string[] } {
  const repairs: string[] = [];
  let { raw } = mail;
  let { patch } = parts;
  if (/^diff --git .*\r$|^--- .*\r$/m.test(patch)) {
    patch = patch.replaceAll('\r\n', '\n');
    raw = rewrite(mail, { ...parts, message: parts.message.replaceAll('\r\n', '\n'), patch });
    repairs.push('had CRLF line ends inside its encoding, which were made LF');
  }
  if (mail.sentAt === null) {
    raw = `Date: ${NO_DATE}\n${raw.replace(/^Date:.*\n(?:[ \t].*\n)*/im, '')}`;
    repairs.push('has no date that can be read: 1 January 2000 was taken');
  }
  return { raw, patch, repairs };
}

function rewrite(mail: Mail, parts: Parts): string {
  const head = [
    `From: ${mail.author}`,
    `Subject: [PATCH] ${mail.subject}`,
    ...(parts.date === '' ? [] : [`Date: ${parts.date}`]),
    ...(mail.messageId === null ? [] : [`Message-ID: ${mail.messageId}`]),
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=UTF-8',
    'Content-Transfer-Encoding: 8bit',
  ].join('\n');
  return `${Buffer.from(head).toString('latin1')}\n\n${parts.message}\n---\n${parts.patch}`;
}

/** The files of a diff, as git reads it; none where git cannot read it, which is told when it is applied. */
async function askFiles(patch: string, directory: string, signal?: AbortSignal): Promise<string[]> {
  const { stdout, exitCode } = await git(['apply', '--numstat', '-z'], {
    cwd: directory,
    input: Buffer.from(patch, 'latin1'),
    accept: 'any',
    signal,
    env: { GIT_CEILING_DIRECTORIES: directory },
  });
  if (exitCode !== 0) return [];
  return stdout
    .split('\0')
    .map((line) => line.split('\t').slice(2).join('\t'))
    .filter((path) => path !== '');
}

/** The decoded diff of a mail, as `git am` would apply it (latin1). */
export async function readDiff(mailbox: string, signal?: AbortSignal): Promise<string> {
  return withScratch(async (directory) => {
    await git(['mailinfo', '--quoted-cr=nowarn', 'message', 'patch'], {
      cwd: directory,
      input: Buffer.from(mailbox.replace(/^From [^\n]*\n/, ''), 'latin1'),
      signal,
    });
    return readFile(join(directory, 'patch'), 'latin1');
  });
}

function timeOf(date: string): number | null {
  const time = Date.parse(date.replace(/\s*\([^)]*\)\s*$/, ''));
  return Number.isNaN(time) ? null : time;
}

function toText(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
