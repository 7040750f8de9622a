// SPDX-License-Identifier: MIT
import { basename, dirname, join } from 'node:path';
import { listInput, lookAtInput, type Repository, readInput, streamInput } from '../host/index.ts';
import { Fault, type Limits, requireWithin } from '../model/index.ts';
import { readRange } from './range.ts';

/** Where a series comes from. */
export type SeriesSource =
  /** A mailbox, a single mail or patch; it may be gzipped, as mail archives offer it. */
  | { readonly kind: 'file'; readonly path: string }
  /** A directory of `*.patch`, `*.mbox` and `*.eml` files, or a maildir. */
  | { readonly kind: 'directory'; readonly path: string }
  /** The content of a mailbox. `name` is what messages call it. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly name: string }
  /** Commits `A..B` of a git repository, which may be open already. */
  | {
      readonly kind: 'range';
      readonly repository: string;
      readonly range: string;
      readonly opened?: Pick<Repository, 'ask' | 'isShallow' | 'isPartial'>;
    };

export type Order = 'commits' | 'names' | 'numbers';

/** A file with mails, as often as it is asked for. */
export interface Box {
  readonly name: string;
  open(): AsyncIterable<Buffer>;
}

/** The mails of a source, not yet read. */
export interface Intake {
  readonly origin: string;
  readonly boxes: readonly Box[];
  /** What gives the order: commits, the names of patch files, or only the numbers in the subjects. */
  readonly order: Order;
  /** Whether a file without a mail is a patch that was lost. */
  readonly needsAll: boolean;
  readonly notes: readonly string[];
}

const PATCH_FILE = /\.(?:patch|mbox|mbx|eml)(?:\.gz)?$/i;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Finds the mails of a source. Faults: those of `readInput`, `SERIES_EMPTY`, those of a range, `LIMIT_EXCEEDED` (`mails`).
 */
export async function openSource(
  source: SeriesSource,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Intake> {
  switch (source.kind) {
    case 'file': {
      const boxes = [await openFile(source.path, limits, signal)];
      return { origin: source.path, boxes, order: 'numbers', needsAll: false, notes: [] };
    }
    case 'bytes': {
      const boxes = [openBytes(source.name, Buffer.from(source.bytes))];
      return { origin: source.name, boxes, order: 'numbers', needsAll: false, notes: [] };
    }
    case 'directory': {
      const { paths, isMaildir } = await listMailboxes(source.path, limits);
      const boxes = await Promise.all(
        paths.map((path) => (isMaildir ? openLater(path, limits, signal) : openFile(path, limits, signal))),
      );
      const order = isMaildir ? 'numbers' : 'names';
      return { origin: source.path, boxes, order, needsAll: !isMaildir, notes: [] };
    }
    case 'range': {
      const { repository, range, opened } = source;
      const { mails, notes } = await readRange(repository, range, { limits, signal, opened });
      const boxes = mails.map((bytes) => openBytes(source.range, bytes));
      return { origin: source.range, boxes, order: 'commits', needsAll: false, notes };
    }
  }
}

function inputOptions(limits: Limits, signal: AbortSignal | undefined) {
  const most = limits['mailbox-mib'];
  return {
    what: 'mailbox',
    limitBytes: most * 1024 * 1024,
    raise: `--limit mailbox-mib=${2 * most}`,
    signal,
  };
}

/** A file that is read when it is opened. What can be read only once is read here. */
async function openFile(path: string, limits: Limits, signal: AbortSignal | undefined): Promise<Box> {
  if ((await lookAtInput(path, 'mailbox')) !== 'pipe') return openLater(path, limits, signal);
  return openBytes(path, await readInput(path, inputOptions(limits, signal)));
}

function openLater(path: string, limits: Limits, signal: AbortSignal | undefined): Box {
  return { name: path, open: () => streamInput(path, inputOptions(limits, signal)) };
}

function openBytes(name: string, bytes: Buffer): Box {
  return {
    name,
    async *open() {
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
    },
  };
}

/** The mailboxes of a directory, or the mails of a maildir, in the natural order of their names. */
async function listMailboxes(
  path: string,
  limits: Limits,
): Promise<{ readonly paths: string[]; readonly isMaildir: boolean }> {
  const maildir = await findMaildir(path);
  const paths: string[] = [];
  if (maildir !== null) {
    for (const part of ['cur', 'new'])
      for (const name of await listInput(join(maildir, part), 'directory'))
        if (!name.startsWith('.')) paths.push(join(maildir, part, name));
  } else
    for (const name of await listInput(path, 'directory'))
      if (PATCH_FILE.test(name)) paths.push(join(path, name));
  if (paths.length === 0) throw empty(path, maildir);
  requireWithin(limits, 'mails', paths.length, path);
  const { compare } = new Intl.Collator('en', { numeric: true });
  const sorted = paths
    .map((one) => ({ one, name: basename(one) }))
    .sort((a, b) => compare(a.name, b.name))
    .map(({ one }) => one);
  return { paths: sorted, isMaildir: maildir !== null };
}

/** The maildir that a directory is, or that it is a part of; null if it is none. */
async function findMaildir(path: string): Promise<string | null> {
  const isMaildir = (names: readonly string[]) => names.includes('cur') && names.includes('new');
  if (isMaildir(await listInput(path, 'directory'))) return path;
  if (!['cur', 'new', 'tmp'].includes(basename(path))) return null;
  const parent = dirname(path);
  return isMaildir(await listInput(parent, 'directory')) ? parent : null;
}

function empty(path: string, maildir: string | null): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_EMPTY',
    message:
      maildir === null
        ? `${path} contains no *.patch, *.mbox or *.eml file and is no maildir`
        : `the maildir ${maildir} contains no mail in cur/ and new/`,
    next: 'write the patches there with `git format-patch -o DIRECTORY A..B`',
  });
}
