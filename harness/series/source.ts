// SPDX-License-Identifier: MIT
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Fault } from '../model/index.ts';
import type { RawMail } from './mail.ts';
import { readRange } from './range.ts';
import { splitMailbox } from './split.ts';

/** Where a series comes from. */
export type SeriesSource =
  /** A mailbox, a single mail or patch; it may be gzipped, as mail archives offer it. */
  | { readonly kind: 'file'; readonly path: string }
  /** A directory of `*.patch`, `*.mbox` and `*.eml` files, or a maildir. */
  | { readonly kind: 'directory'; readonly path: string }
  /** The content of a mailbox. `name` is what messages call it. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly name: string }
  /** Commits `A..B` of a git repository. */
  | { readonly kind: 'range'; readonly repository: string; readonly range: string };

export type Order = 'commits' | 'names' | 'numbers';

/** The mails of a source. */
export interface Intake {
  readonly origin: string;
  readonly mails: readonly RawMail[];
  /** What gives the order: commits, the names of patch files, or only the numbers in the subjects. */
  readonly order: Order;
  readonly notes: readonly string[];
}

const PATCH_FILE = /\.(?:patch|mbox|mbx|eml)(?:\.gz)?$/i;

/** Reads the mails of a source. Faults: `SERIES_NOT_FOUND`, `SERIES_UNREADABLE`, `SERIES_EMPTY`, those of a range. */
export async function readSource(source: SeriesSource, signal?: AbortSignal): Promise<Intake> {
  switch (source.kind) {
    case 'file': {
      const mails = await splitFile(source.path, signal);
      return { origin: source.path, mails, order: 'numbers', notes: [] };
    }
    case 'bytes': {
      const mails = await split(source.name, Buffer.from(source.bytes), signal);
      return { origin: source.name, mails, order: 'numbers', notes: [] };
    }
    case 'directory': {
      const { paths, isMaildir } = await listMailboxes(source.path);
      const mails: RawMail[] = [];
      for (const path of paths) mails.push(...(await splitFile(path, signal)));
      return { origin: source.path, mails, order: isMaildir ? 'numbers' : 'names', notes: [] };
    }
    case 'range': {
      const { mails, notes } = await readRange(source.repository, source.range, signal);
      const named = mails.map((bytes) => ({ name: source.range, bytes }));
      return { origin: source.range, mails: named, order: 'commits', notes };
    }
  }
}

async function splitFile(path: string, signal?: AbortSignal): Promise<RawMail[]> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw notFound(path, cause);
  });
  return split(path, bytes, signal);
}

async function split(name: string, bytes: Buffer, signal?: AbortSignal): Promise<RawMail[]> {
  const mails = await splitMailbox(unpack(bytes, name), signal);
  return mails.map((mail) => ({ name, bytes: mail }));
}

/** The mailboxes of a directory, or the mails of a maildir, in the natural order of their names. */
async function listMailboxes(path: string): Promise<{ paths: string[]; isMaildir: boolean }> {
  const entries = await list(path);
  const isMaildir = entries.includes('cur') && entries.includes('new');
  const paths: string[] = [];
  if (isMaildir) {
    for (const part of ['cur', 'new'])
      for (const name of await list(join(path, part)))
        if (!name.startsWith('.')) paths.push(join(path, part, name));
  } else for (const name of entries) if (PATCH_FILE.test(name)) paths.push(join(path, name));
  const files: string[] = [];
  for (const one of paths) if ((await stat(one).catch(() => null))?.isFile()) files.push(one);
  if (files.length === 0) throw empty(path, isMaildir);
  const { compare } = new Intl.Collator('en', { numeric: true });
  return { paths: files.sort((a, b) => compare(basename(a), basename(b))), isMaildir };
}

function list(path: string): Promise<string[]> {
  return readdir(path).catch((cause: NodeJS.ErrnoException) => {
    throw notFound(path, cause);
  });
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
      next: 'download or save the mailbox again',
      cause,
    });
  }
}

function empty(path: string, isMaildir: boolean): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_EMPTY',
    message: isMaildir
      ? `the maildir ${path} contains no mail in cur/ and new/`
      : `${path} contains no *.patch, *.mbox or *.eml file and is no maildir`,
    next: 'write the patches there with `git format-patch -o DIRECTORY A..B`',
  });
}

function notFound(path: string, cause: NodeJS.ErrnoException): Fault {
  const isAbsent = cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
  return new Fault({
    blame: 'request',
    code: isAbsent ? 'SERIES_NOT_FOUND' : 'SERIES_UNREADABLE',
    message: isAbsent ? `there is no ${path}` : `${path} cannot be read: ${cause.message}`,
    next: 'name a mailbox, a directory of patches or a range A..B',
    cause,
  });
}
