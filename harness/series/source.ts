// SPDX-License-Identifier: MIT
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Fault } from '../model/index.ts';

/** Where a series comes from. */
export type SeriesSource =
  /** A mailbox, a single mail or patch; may be gzipped, as mail archives hand it out. */
  | { readonly kind: 'file'; readonly path: string }
  /** A directory of `*.patch`, `*.mbox` and `*.eml` files, or a maildir. */
  | { readonly kind: 'directory'; readonly path: string }
  /** The content of a mailbox, its bytes one character each (latin1). `name` is what messages call it. */
  | { readonly kind: 'text'; readonly text: string; readonly name: string }
  /** Commits `A..B` of a git repository. */
  | { readonly kind: 'range'; readonly repository: string; readonly range: string };

/** One mailbox as read, its bytes one character each (latin1). */
export interface Mailbox {
  readonly name: string;
  readonly text: string;
}

const PATCH_FILE = /\.(?:patch|mbox|mbx|eml)(?:\.gz)?$/i;

/** Reads a file as a mailbox. Fault `SERIES_NOT_FOUND`. */
export async function readMailbox(path: string): Promise<Mailbox> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw notFound(path, cause);
  });
  return { name: path, text: unpack(bytes, path).toString('latin1') };
}

/** The text of standard input, unpacked where it is gzipped. */
export function readText(text: string, name: string): Mailbox {
  return { name, text: unpack(Buffer.from(text, 'latin1'), name).toString('latin1') };
}

/** The mailboxes of a directory in the natural order of their names. Faults `SERIES_NOT_FOUND`, `SERIES_EMPTY`. */
export async function readDirectory(path: string): Promise<Mailbox[]> {
  const names = await listMailboxes(path);
  if (names.length === 0) {
    throw new Fault({
      blame: 'request',
      code: 'SERIES_EMPTY',
      message: `${path} holds no *.patch, *.mbox or *.eml file`,
      next: 'make them with `git format-patch -o DIRECTORY A..B`',
    });
  }
  return Promise.all(names.map((name) => readMailbox(join(path, name))));
}

async function listMailboxes(path: string): Promise<string[]> {
  const entries = await readdir(path).catch((cause: NodeJS.ErrnoException) => {
    throw notFound(path, cause);
  });
  const order = new Intl.Collator('en', { numeric: true });
  if (entries.includes('cur') && entries.includes('new')) {
    const mails: string[] = [];
    for (const part of ['cur', 'new'])
      mails.push(...(await readdir(join(path, part))).map((name) => `${part}/${name}`));
    return mails.sort((a, b) => order.compare(basename(a), basename(b)));
  }
  const files: string[] = [];
  for (const name of entries.filter((entry) => PATCH_FILE.test(entry)))
    if ((await stat(join(path, name)).catch(() => null))?.isFile()) files.push(name);
  return files.sort(order.compare);
}

function unpack(bytes: Buffer, name: string): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new Fault({
      blame: 'request',
      code: 'SERIES_UNREADABLE',
      message: `${name} is gzipped and damaged: ${(cause as Error).message}`,
      cause,
    });
  }
}

function notFound(path: string, cause: NodeJS.ErrnoException): Fault {
  const absent = cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
  return new Fault({
    blame: 'request',
    code: absent ? 'SERIES_NOT_FOUND' : 'SERIES_UNREADABLE',
    message: absent ? `there is no ${path}` : `${path} cannot be read: ${cause.message}`,
    next: 'name a mailbox, a directory of patches or a range A..B',
    cause,
  });
}
