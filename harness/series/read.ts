// SPDX-License-Identifier: MIT
import { digestOf, makeScratch } from '../host/index.ts';
import {
  DEFAULT_LIMITS,
  Fault,
  type Limits,
  type MailHead,
  NO_LIMITS,
  type Patch,
  type Series,
  toFault,
} from '../model/index.ts';
import { arrangeMails } from './arrange.ts';
import { type Content, decodeContent } from './content.ts';
import { normaliseDiff } from './diff.ts';
import { indexBoxes, loadParts } from './intake.ts';
import type { Mail } from './mail.ts';
import { emptyFile } from './rejection.ts';
import { openSource, type SeriesSource } from './source.ts';
import { count, quoteText } from './text.ts';

/** How a series is read. */
export interface ReadOptions {
  readonly signal?: AbortSignal;
  readonly limits?: Limits;
  /** Whether `writeSeries` wrote it: then it has no bounds, and nothing in it is taken for damage. */
  readonly isOwn?: boolean;
  /** Called now and then, with a sentence about how much was read. */
  readonly onProgress?: (text: string) => void;
}

/** A mail of the series, with its text. */
type Chosen = Mail & Content;

const PROGRESS_PATCHES = 20;

/**
 * Reads a series from where the user says it is. Faults, all with blame request: those of `readInput`, `SERIES_UNREADABLE`,
 * `SERIES_EMPTY`, `SERIES_INCOMPLETE` (names the missing numbers), `SERIES_AMBIGUOUS`, `SERIES_MISNUMBERED`,
 * `SERIES_DAMAGED`, `SERIES_BAD_PATH`, `SERIES_NOT_MAIL`, `SERIES_NO_SEPARATOR`, `SERIES_NO_AUTHOR`,
 * `HOST_NO_REPOSITORY`, `HOST_BAD_REPOSITORY`, `SERIES_BAD_RANGE`, `SERIES_BAD_REPOSITORY`, `LIMIT_EXCEEDED`, `HOST_INTERRUPTED`. A disk that is
 * full is the lab's.
 */
export async function readSeries(source: SeriesSource, options: ReadOptions = {}): Promise<Series> {
  try {
    return await read(source, options);
  } catch (error) {
    throw toFault(error);
  }
}

async function read(source: SeriesSource, options: ReadOptions): Promise<Series> {
  const { signal, isOwn = false, onProgress } = options;
  const limits = isOwn ? NO_LIMITS : (options.limits ?? DEFAULT_LIMITS);
  const { origin, boxes, order, needsAll, notes: opened } = await openSource(source, limits, signal);
  const intake = { origin, limits, signal, onProgress };
  const index = await indexBoxes(boxes, intake);
  const [lost] = index.empty;
  if (needsAll && lost !== undefined) throw emptyFile(lost);
  const { version, cover, patches: chosen, notes } = arrangeMails(index.mails, { origin, order, limits });
  const wanted = cover ? [cover, ...chosen] : chosen;
  const parts = await loadParts(boxes, wanted, intake);
  await using scratch = await makeScratch('series');
  const all: Chosen[] = [];
  for (const [at, mail] of wanted.entries()) {
    const part = parts[at];
    if (part === undefined) continue;
    if (at > 0 && at % PROGRESS_PATCHES === 0) onProgress?.(`${at} of ${wanted.length} mails decoded`);
    all.push({
      ...mail,
      ...(await decodeContent(part, {
        origin,
        directory: scratch.path,
        isPatch: mail !== cover,
        isMailed: order !== 'commits' && !isOwn,
        limits,
        signal,
      })),
    });
  }
  const [letter, mails] = cover ? [all[0] ?? null, all.slice(1)] : [null, all];
  const patches = mails.map((mail, at) => makePatch(mail, at + 1, origin));
  if (patches.length === 0) throw new Error(`got no patch from ${origin}, expected at least one`);
  return {
    title: letter?.subject ?? patches[0]?.subject ?? origin,
    version,
    cover: letter ? { ...headOf(letter), text: letter.message } : null,
    patches,
    baseCommit: all.find((mail) => mail.trailers.base !== null)?.trailers.base ?? null,
    digest: digestPatches(patches),
    origin,
    notes: [...opened, ...index.notes, ...notes, ...noteRepairs(mails), ...notePrerequisites(all)],
  };
}

function makePatch(mail: Chosen, number: number, origin: string): Patch {
  if (mail.author === '') throw noAuthor(origin, mail.subject);
  const { message, files } = mail;
  return { ...headOf(mail), number, message, diff: mail.diff ?? Buffer.of(), files };
}

function headOf({ subject, author, date, messageId, headers }: Chosen): MailHead {
  return { subject, author, date, messageId, headers };
}

function digestPatches(patches: readonly Patch[]): string {
  return digestOf(
    ...patches.flatMap(({ subject, author, message, diff }) => [
      subject,
      author,
      message,
      normaliseDiff(diff),
    ]),
  );
}

function noteRepairs(patches: readonly Chosen[]): string[] {
  return patches.flatMap((mail, index) => mail.repairs.map((repair) => `patch ${index + 1} ${repair}`));
}

function notePrerequisites(mails: readonly Chosen[]): string[] {
  const amount = mails.flatMap((mail) => mail.trailers.prerequisites).length;
  const patches = count(amount, 'prerequisite patch', 'prerequisite patches');
  return amount === 0 ? [] : [`the series names ${patches} that it does not contain`];
}

function noAuthor(origin: string, subject: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_NO_AUTHOR',
    message: `${origin} contains a patch without an author: "${quoteText(subject)}"`,
    next: 'add a `From:` header with name and address to the mail',
  });
}
