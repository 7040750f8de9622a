// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runGit } from '../host/index.ts';
import { Fault, type Limits, requireWithin } from '../model/index.ts';
import { readBody } from './body.ts';
import { damaged, findDamage } from './damage.ts';
import { readDate } from './date.ts';
import { hasDiff } from './diff.ts';
import type { Part } from './mail.ts';
import { cleanMessage, decodeText } from './text.ts';

/** What `git am` reads from a mail. */
export interface Content {
  readonly subject: string;
  /** `Name <address>`, from the body if the body begins with `From:`; empty if the mail names nobody. */
  readonly author: string;
  readonly date: string;
  /** The headers that a later reply to the series needs. */
  readonly headers: readonly string[];
  /** The text before the diff, or all of it if there is no diff. */
  readonly message: string;
  /** From the `---` line on; null for a mail without a diff. */
  readonly diff: Buffer | null;
  readonly files: readonly string[];
  readonly trailers: BaseTrailers;
  /** What was changed, each a sentence without its subject, the mail. */
  readonly repairs: readonly string[];
}

/** What a mail says about the tree that it was made for, as `git format-patch --base` writes it. */
export interface BaseTrailers {
  readonly base: string | null;
  readonly prerequisites: readonly string[];
}

/** What the mail is called in messages, and how it is decoded. */
export interface DecodeOptions {
  readonly origin: string;
  readonly directory: string;
  /** Whether its diff will be applied: that of a cover letter is not. */
  readonly isPatch: boolean;
  /** Whether a mail program may have had it: git's own output is not damaged. */
  readonly isMailed: boolean;
  readonly limits: Limits;
  readonly signal?: AbortSignal | undefined;
}

const KEPT_HEADER = /^(?:to|cc|reply-to|in-reply-to|references):/i;
const CRLF_DIFF = /^(?:diff --git .*\r\n|--- \S.*\r\n\+\+\+ \S.*\r\n@@ )/m;
const MIB = 1024 * 1024;

/**
 * Decodes a mail with `git mailinfo`, which writes to a directory. Faults `SERIES_UNREADABLE`, `SERIES_DAMAGED`,
 * `SERIES_BAD_PATH`, `LIMIT_EXCEEDED` (`patch-mib`), `HOST_DISK_FULL` (lab).
 */
export async function decodeContent(part: Part, options: DecodeOptions): Promise<Content> {
  const { origin, directory, limits, signal } = options;
  const body = readBody(part, origin, limits);
  const repairs = [...part.repairs, ...body.repairs];
  const input = Buffer.concat([
    withoutMime(part.head),
    Buffer.from(
      body.charset === null ? '' : `Content-Type: text/plain; charset="${body.charset}"\n`,
      'latin1',
    ),
    Buffer.from('Content-Transfer-Encoding: 8bit\n\n'),
    body.bytes,
  ]);
  const readInfo = (...flags: string[]) =>
    runGit(['mailinfo', '--quoted-cr=nowarn', ...flags, 'message', 'patch'], {
      cwd: directory,
      input,
      accept: 'any',
      signal,
    });
  let info = await readInfo();
  if (info.exitCode !== 0) {
    info = await readInfo('-n');
    repairs.push('names a character set that git does not know; its text was taken as it is');
  }
  await requireRoom(directory);
  if (info.exitCode !== 0) throw unreadable(origin, info.stderr);
  const field = (key: string) => new RegExp(`^${key}: ([^\\n]*)$`, 'm').exec(info.stdout)?.[1] ?? '';
  const message = await readFile(join(directory, 'message'));
  let patch = await readFile(join(directory, 'patch'));
  const trailers = readTrailers(Buffer.concat([message, patch]).toString('latin1'));
  const isPatch = hasDiff(patch);
  const subject = field('Subject');
  if (isPatch && CRLF_DIFF.test(patch.toString('latin1'))) {
    patch = Buffer.from(patch.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
    repairs.push('had CRLF line ends, which were changed to LF');
  }
  requireWithin(limits, 'patch-mib', Math.ceil(patch.length / MIB), `the patch "${subject}" in ${origin}`);
  const { date, sentAt } = readDate(field('Date'));
  if (isPatch && sentAt === null) repairs.push('has no readable date; 1 January 2000 is used');
  const email = field('Email');
  return {
    subject,
    author: email === '' ? '' : `${field('Author')} <${email}>`.trim(),
    date,
    headers: part.headers.filter((line) => KEPT_HEADER.test(line)),
    message: cleanMessage(decodeText(isPatch ? message : Buffer.concat([message, patch]))),
    diff: isPatch ? patch : null,
    files: isPatch && options.isPatch ? await askFiles(patch, subject, options) : [],
    trailers,
    repairs,
  };
}

/** The headers without those of MIME, and without the blank line below them. */
function withoutMime(head: Buffer): Buffer {
  const text = head
    .toString('latin1')
    .replace(/^(?:content-[^\n:]*|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*/gim, '')
    .replace(/\n*$/, '\n');
  return Buffer.from(text, 'latin1');
}

/** Fails where git could not write all that it wanted to write, which git itself does not notice. */
async function requireRoom(directory: string): Promise<void> {
  const path = join(directory, 'room');
  await writeFile(path, Buffer.alloc(64 * 1024));
}

function readTrailers(text: string): BaseTrailers {
  return {
    base: /^base-commit: ([0-9a-f]{7,64})\s*$/m.exec(text)?.[1] ?? null,
    prerequisites: [...text.matchAll(/^prerequisite-patch-id: ([0-9a-f]{7,64})\s*$/gm)].map(
      (one) => one[1] ?? '',
    ),
  };
}

/** The files of a diff as git reads it. */
async function askFiles(patch: Buffer, subject: string, options: DecodeOptions): Promise<string[]> {
  const { origin, directory, signal } = options;
  const found = options.isMailed ? findDamage(patch.toString('latin1')) : null;
  if (found) throw damaged(origin, subject, found);
  const { stdout, stderr, exitCode } = await runGit(['apply', '--numstat', '-z'], {
    cwd: directory,
    input: patch,
    accept: 'any',
    signal,
    env: { GIT_CEILING_DIRECTORIES: directory },
  });
  if (exitCode !== 0)
    throw damaged(origin, subject, {
      what: 'git cannot read its diff',
      details: stderr.trim().split('\n').slice(0, 5),
    });
  const files = stdout
    .split('\0')
    .map((line) => line.split('\t').slice(2).join('\t'))
    .filter((path) => path !== '');
  const outside = files.find((path) =>
    path.split('/').some((name) => name === '..' || name === '' || name.toLowerCase() === '.git'),
  );
  if (outside !== undefined) throw badPath(origin, subject, outside);
  return files;
}

function badPath(origin: string, subject: string, path: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_BAD_PATH',
    message: `the patch "${subject}" in ${origin} changes ${path}, which is not a file of a source tree`,
    next: 'a patch may only change files below the tree that it is for, and none of git: look at where it came from',
  });
}

function unreadable(origin: string, words: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_UNREADABLE',
    message: `git cannot decode a mail of ${origin}`,
    details: words.trim().split('\n'),
    next: 'save the mail again as plain text',
  });
}
