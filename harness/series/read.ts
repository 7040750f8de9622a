// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { digestOf, runCommand } from '../host/index.ts';
import { Fault, type Patch, type Series } from '../model/index.ts';
import { GIT_ALONE, readMailbox } from './mailbox.ts';
import { filesOfDiff, isReply, type Message } from './message.ts';

/** Where a series comes from. `text` is standard input, its bytes as latin1. */
export type SeriesSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'text'; readonly text: string; readonly name: string }
  | { readonly kind: 'range'; readonly repository: string; readonly range: string };

interface ReadOptions {
  readonly signal?: AbortSignal;
}

/** Takes a series in. Faults (blame request): `SERIES_NOT_FOUND`, `SERIES_EMPTY`, `SERIES_INCOMPLETE`. */
export async function readSeries(source: SeriesSource, options: ReadOptions = {}): Promise<Series> {
  switch (source.kind) {
    case 'file':
      return assemble(await readMailbox(await readBytes(source.path), options.signal), source.path);
    case 'text':
      return assemble(await readMailbox(Buffer.from(source.text, 'latin1'), options.signal), source.name);
    case 'directory':
      return assemble(await readPatchDirectory(source.path, options.signal), source.path);
    case 'range':
      return assemble(await readMailbox(await formatRange(source, options.signal), options.signal), `${source.range} of ${source.repository}`);
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw new Fault({ blame: 'request', code: 'SERIES_NOT_FOUND', message: `the series ${path} cannot be read`, next: 'name an mbox file, a directory of patches, or a range A..B', cause });
  });
}

async function readPatchDirectory(path: string, signal?: AbortSignal): Promise<Message[]> {
  const names = (await readdir(path).catch(() => [])).filter((name) => /\.(patch|mbox|eml|diff)$/.test(name)).sort();
  const messages: Message[] = [];
  for (const name of names) {
    for (const message of await readMailbox(await readBytes(join(path, name)), signal)) messages.push({ ...message, position: messages.length });
  }
  return messages;
}

async function formatRange(source: { readonly repository: string; readonly range: string }, signal?: AbortSignal): Promise<Uint8Array> {
  const settings = { env: { ...GIT_ALONE, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' }, accept: 'any' as const, cwd: source.repository, ...(signal ? { signal } : {}) };
  const base = source.range.split('..')[0] ?? '';
  const resolved = await runCommand('git', ['rev-parse', '--verify', '-q', `${base}^{commit}`], settings);
  const withBase = resolved.exitCode === 0 ? [`--base=${resolved.stdout.trim()}`] : [];
  let result = await runCommand('git', ['format-patch', '--stdout', '--no-signature', ...withBase, source.range], settings);
  if (result.exitCode !== 0 && withBase.length > 0) result = await runCommand('git', ['format-patch', '--stdout', '--no-signature', source.range], settings);
  if (result.exitCode === 0) return Buffer.from(result.stdout);
  throw new Fault({ blame: 'request', code: 'SERIES_NOT_FOUND', message: `git has no range ${source.range} in ${source.repository}`, details: [result.stderr.trim()], next: 'name the repository with --repository PATH' });
}

/** Puts a series together from mails: the newest version, in order, without replies. */
function assemble(messages: readonly Message[], origin: string): Series {
  const notes: string[] = [];
  const replies = messages.filter((message) => isReply(message));
  if (replies.length > 0) notes.push(`${replies.length} ${replies.length === 1 ? 'reply was' : 'replies were'} left out`);
  const own = messages.filter((message) => !isReply(message));
  const version = Math.max(0, ...own.filter((message) => message.diff !== '').map((message) => message.mark.version));
  const older = own.filter((message) => message.mark.version !== version && message.diff !== '');
  if (older.length > 0) notes.push(`${older.length} patches of other versions were left out: version ${version} was taken`);
  const current = own.filter((message) => message.mark.version === version);
  const cover = current.find((message) => message.diff === '' && message.mark.number === 0) ?? null;
  const withDiff = dropTwins(current.filter((message) => message.diff !== '' && message.mark.number !== 0), notes);
  const without = current.filter((message) => message.diff === '' && message !== cover);
  if (without.length > 0) notes.push(`${without.length} ${without.length === 1 ? 'mail' : 'mails'} without a diff left out`);
  if (withDiff.length === 0) {
    throw new Fault({ blame: 'request', code: 'SERIES_EMPTY', message: `${origin} holds no patch`, details: messages.length > 0 ? [`${messages.length} mails, none with a diff`] : [], next: 'save the whole thread as an mbox, or make one: git format-patch --stdout A..B' });
  }
  const ordered = [...withDiff].sort((a, b) => (a.mark.number ?? a.position) - (b.mark.number ?? b.position) || a.position - b.position);
  if (ordered.some((message, index) => message !== withDiff[index])) notes.push('the patches were put into the order of their numbers');
  checkComplete(ordered, origin);
  const patches = ordered.map((message, index): Patch => ({
    number: index + 1,
    subject: message.mark.subject,
    author: message.author,
    messageId: message.messageId,
    files: filesOfDiff(message.diff),
    mail: message.mail,
  }));
  return {
    title: cover?.mark.subject ?? ordered[0]?.mark.subject ?? basename(origin),
    version: Math.max(1, version),
    cover: cover?.body.trim() ?? null,
    patches,
    baseCommit: findBaseCommit(current),
    digest: digestOf(...patches.map((patch) => patch.mail)),
    origin,
    notes,
  };
}

/** The same patch twice, as happens when a mailbox holds a list's copy and one's own. */
function dropTwins(messages: readonly Message[], notes: string[]): Message[] {
  const seen = new Set<string>();
  const kept = messages.filter((message) => {
    const key = `${message.mark.number}\0${message.mark.subject}\0${message.diff}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  if (kept.length < messages.length) notes.push(`${messages.length - kept.length} patches stood there twice`);
  return kept;
}

function checkComplete(ordered: readonly Message[], origin: string): void {
  const total = Math.max(0, ...ordered.map((message) => message.mark.total ?? 0));
  if (total === 0) return;
  const numbers = ordered.map((message) => message.mark.number);
  const missing = Array.from({ length: total }, (_, index) => index + 1).filter((number) => !numbers.includes(number));
  if (missing.length > 0) {
    throw new Fault({ blame: 'request', code: 'SERIES_INCOMPLETE', message: `${origin} lacks ${missing.map((number) => `${number}/${total}`).join(', ')}`, next: 'save the whole thread; a part of a series is put on trial by a git range A..B' });
  }
  const double = numbers.find((number, index) => number !== null && numbers.indexOf(number) !== index);
  if (double !== undefined) {
    throw new Fault({ blame: 'request', code: 'SERIES_AMBIGUOUS', message: `${origin} holds two different patches ${double}/${total}`, next: 'take one of them out of the mailbox' });
  }
}

function findBaseCommit(messages: readonly Message[]): string | null {
  for (const message of messages) {
    const match = /^base-commit: ([0-9a-f]{40,64})\s*$/m.exec(`${message.body}\n${message.diff}`);
    if (match?.[1]) return match[1];
  }
  return null;
}
