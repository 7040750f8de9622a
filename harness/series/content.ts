// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runGit } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { cleanMessage, decodeText } from './text.ts';

/** What `git am` reads from a mail. */
export interface Content {
  readonly subject: string;
  /** `Name <address>`, from the body if the body begins with `From:`; empty if the mail names nobody. */
  readonly author: string;
  readonly date: string;
  /** Milliseconds since 1970, or null for a mail without a readable date. */
  readonly sentAt: number | null;
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

/** The date of mails without one. It is fixed so that their commits are always the same. */
const NO_DATE = 'Sat, 1 Jan 2000 00:00:00 +0000';
const RFC_2822 = /^(?:\w{3}, +)?\d{1,2} \w{3} \d{4} \d{2}:\d{2}(?::\d{2})? [-+]\d{4}$/;
/** The years that git can commit. */
const DATES = { first: 0, last: Date.UTC(2099, 0) };
const DIFF = /^(?:diff --git |Index: \S|--- \S.*\n\+\+\+ \S.*\n@@ )/m;
const CRLF_DIFF = /^(?:diff --git .*\r\n|--- \S.*\r\n\+\+\+ \S.*\r\n@@ )/m;

/** Whether a text, its bytes one character each (latin1), contains a diff. */
export function hasDiff(text: string): boolean {
  return DIFF.test(text.replaceAll('\r\n', '\n'));
}

/** Decodes a mail of the source `name` with `git mailinfo`, which writes to `directory`. Fault `SERIES_UNREADABLE`. */
export async function decodeContent(
  name: string,
  mail: Buffer,
  directory: string,
  signal?: AbortSignal,
): Promise<Content> {
  const repairs: string[] = [];
  const readInfo = (...flags: string[]) =>
    runGit(['mailinfo', '--quoted-cr=nowarn', ...flags, 'message', 'patch'], {
      cwd: directory,
      input: mail,
      accept: 'any',
      signal,
    });
  let info = await readInfo();
  if (info.exitCode !== 0) {
    info = await readInfo('-n');
    repairs.push('names a character set that git does not know; its text was taken as it is');
  }
  if (info.exitCode !== 0) throw unreadable(name, info.stderr);
  const field = (key: string) => new RegExp(`^${key}: ([^\\n]*)$`, 'm').exec(info.stdout)?.[1] ?? '';
  const message = await readFile(join(directory, 'message'));
  let patch = await readFile(join(directory, 'patch'));
  const text = Buffer.concat([message, patch]).toString('latin1');
  const isPatch = hasDiff(patch.toString('latin1'));
  if (isPatch && CRLF_DIFF.test(patch.toString('latin1'))) {
    patch = Buffer.from(patch.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
    repairs.push('had CRLF line ends, which were changed to LF');
  }
  const { date, sentAt } = readDate(field('Date'));
  if (isPatch && sentAt === null) repairs.push('has no readable date; 1 January 2000 is used');
  const email = field('Email');
  return {
    subject: field('Subject'),
    author: email === '' ? '' : `${field('Author')} <${email}>`.trim(),
    date,
    sentAt,
    message: cleanMessage(decodeText(isPatch ? message : Buffer.concat([message, patch]))),
    diff: isPatch ? patch : null,
    files: isPatch ? await askFiles(patch, directory, signal) : [],
    trailers: readTrailers(text),
    repairs,
  };
}

/** A date as git can commit it, from the form of RFC 2822 or any other that JavaScript reads. */
function readDate(written: string): { date: string; sentAt: number | null } {
  const plain = written.replace(/\s*\([^)]*\)\s*$/, '').trim();
  const time = Date.parse(plain);
  if (!(time >= DATES.first && time < DATES.last)) return { date: NO_DATE, sentAt: null };
  const date = RFC_2822.test(plain) ? plain : new Date(time).toUTCString().replace(/GMT$/, '+0000');
  return { date, sentAt: time };
}

function readTrailers(text: string): BaseTrailers {
  return {
    base: /^base-commit: ([0-9a-f]{7,64})\s*$/m.exec(text)?.[1] ?? null,
    prerequisites: [...text.matchAll(/^prerequisite-patch-id: ([0-9a-f]{7,64})\s*$/gm)].map(
      (one) => one[1] ?? '',
    ),
  };
}

/** The files of a diff as git reads it; none if git cannot read it, which is reported when the patch is applied. */
async function askFiles(patch: Buffer, directory: string, signal?: AbortSignal): Promise<string[]> {
  const { stdout, exitCode } = await runGit(['apply', '--numstat', '-z'], {
    cwd: directory,
    input: patch,
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

function unreadable(name: string, words: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_UNREADABLE',
    message: `git cannot decode a mail of ${name}`,
    details: words.trim().split('\n'),
    next: 'save the mail again as plain text',
  });
}
