// SPDX-License-Identifier: MIT
import { Fault, type Limits, requireWithin } from '../model/index.ts';
import { indexMail, listParts, type Mail, type Part } from './mail.ts';
import type { Box } from './source.ts';
import { type Piece, splitMailbox } from './split.ts';
import { count } from './text.ts';
import { unpackMailbox } from './unpack.ts';

/** How mails are read. */
export interface IntakeOptions {
  readonly origin: string;
  readonly limits: Limits;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface Index {
  readonly mails: readonly Mail[];
  /** Mailboxes without a mail. */
  readonly empty: readonly string[];
  readonly notes: readonly string[];
}

const MIB = 1024 * 1024;
const PROGRESS_MS = 500;

/**
 * Reads all mails of mailboxes once and keeps what their headers say: no program is started for a mail, and no text is kept.
 * Faults `LIMIT_EXCEEDED`, `HOST_INTERRUPTED`, those of `indexMail` and `unpackMailbox`.
 */
export async function indexBoxes(boxes: readonly Box[], options: IntakeOptions): Promise<Index> {
  const { origin, limits } = options;
  const mails: Mail[] = [];
  const empty: string[] = [];
  const notes: string[] = [];
  const tell = openTeller(options);
  let found = 0;
  let bytes = 0;
  for (const [box, { name }] of boxes.entries()) {
    let index = 0;
    const { pieces, repairs } = openPieces(boxes[box] as Box, options);
    for await (const piece of pieces) {
      mails.push(...indexMail(piece, { name, box, index }, limits));
      index++;
      found++;
      bytes += piece.size;
      requireWithin(limits, 'mails', found, origin, true);
      tell(() => `${count(found, 'mail')} of ${origin} read, ${Math.round(bytes / MIB)} MiB`);
    }
    if (index === 0) empty.push(name);
    notes.push(...repairs.map((repair) => `${name} ${repair}`));
  }
  return { mails, empty, notes };
}

/** Reads chosen mails again, with their text, in the order of the choice. Faults as `indexBoxes`. */
export async function loadParts(
  boxes: readonly Box[],
  chosen: readonly Mail[],
  options: IntakeOptions,
): Promise<Part[]> {
  const parts = new Map<Mail, Part>();
  for (const [box, wanted] of groupByBox(chosen)) {
    let index = 0;
    const last = Math.max(...wanted.map((mail) => mail.index));
    for await (const piece of openPieces(boxes[box] as Box, options).pieces) {
      const here = wanted.filter((mail) => mail.index === index);
      if (here.length > 0) {
        requireWhole(piece, here[0] as Mail, options);
        const found = listParts(piece, options.origin, options.limits);
        for (const mail of here) parts.set(mail, found[mail.part ?? 0] as Part);
      }
      if (index++ === last) break;
    }
  }
  return chosen.map((mail) => parts.get(mail) ?? missing(mail));
}

function groupByBox(chosen: readonly Mail[]): Map<number, Mail[]> {
  const groups = new Map<number, Mail[]>();
  for (const mail of chosen) {
    const group = groups.get(mail.box);
    if (group) group.push(mail);
    else groups.set(mail.box, [mail]);
  }
  return groups;
}

function openPieces(box: Box, { limits, signal }: IntakeOptions) {
  // A patch in base64 beside its text in HTML, and headers.
  const most = limits['patch-mib'] * MIB * 2 + limits['header-kib'] * 1024 + MIB;
  const { chunks, repairs } = unpackMailbox(box.open(), box.name, limits);
  return { pieces: splitMailbox(breathe(chunks, box.name, signal), most), repairs };
}

/** Passes pieces on, and lets signals and timers have their turn between them. */
async function* breathe(
  chunks: AsyncIterable<Buffer>,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted)
      throw new Fault({
        blame: 'request',
        code: 'HOST_INTERRUPTED',
        message: `interrupted while ${name} was read`,
      });
    yield chunk;
  }
}

function openTeller({ onProgress }: IntakeOptions): (text: () => string) => void {
  let last = performance.now();
  return (text) => {
    if (!onProgress || performance.now() - last < PROGRESS_MS) return;
    last = performance.now();
    onProgress(text());
  };
}

function requireWhole(piece: Piece, mail: Mail, { limits }: IntakeOptions): void {
  if (!piece.isCut) return;
  requireWithin(
    limits,
    'patch-mib',
    Math.ceil(piece.size / MIB),
    `the mail "${mail.subject}" in ${mail.name}`,
    true,
  );
}

function missing(mail: Mail): never {
  throw new Fault({
    blame: 'request',
    code: 'SERIES_UNREADABLE',
    message: `${mail.name} changed while it was read`,
    next: 'try again',
  });
}
