// SPDX-License-Identifier: MIT
import {
  closeSync,
  constants,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { Fault, type LiveEventBody, type RunEvent, type RunEventBody, toFault } from '../model/index.ts';

/** The ordered events of one campaign: the only truth about it. One writer. */
export interface Journal {
  /**
   * Gives an event its number and time and appends it. It is on disk when this returns: the action that it announces may start.
   * A Fault (lab) when it cannot be written; after that every further call throws the same.
   */
  append(body: RunEventBody): RunEvent;
  close(): void;
}

/** Where the time of an event comes from. */
export type Clock = () => Date;

/** Events after which something expensive starts, or that end it: the disk is told to keep them. */
const DURABLE: ReadonlySet<RunEventBody['type']> = new Set([
  'planned',
  'resumed',
  'applied',
  'rejected',
  'armBuildStarted',
  'armBuilt',
  'trialStarted',
  'trialEnded',
  'concluded',
  'ended',
]);

/** Starts the journal of a new campaign. A Fault when there is one already. */
export function createJournal(path: string, clock: Clock): Journal {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_APPEND;
  const file = guard(path, () => openSync(path, flags, 0o644));
  return openJournal(fileSink(file), path, 0, clock);
}

/** Opens the journal of a campaign that was cut off. A cut-off last line is removed. */
export function reopenJournal(
  path: string,
  clock: Clock,
): { readonly events: RunEvent[]; readonly journal: Journal } {
  const { events, bytes } = parseJournal(
    guard(path, () => readFileSync(path)),
    path,
  );
  const file = guard(path, () => openSync(path, constants.O_WRONLY | constants.O_APPEND));
  guard(path, () => ftruncateSync(file, bytes));
  return { events, journal: openJournal(fileSink(file), path, events.length, clock) };
}

/** Reads a journal, also one that is being written. */
export function readJournal(path: string): RunEvent[] {
  return parseJournal(
    guard(path, () => readFileSync(path)),
    path,
  ).events;
}

/** A journal that is kept nowhere, for commands that only build. */
export function forgetfulJournal(clock: Clock): Journal {
  let seq = 0;
  return { append: (body) => stamp(body, ++seq, clock), close() {} };
}

/** An event that only listeners get. */
export function stampLive(body: LiveEventBody, clock: Clock): RunEvent {
  return { format: 1, seq: 0, at: clock().toISOString(), ...body };
}

function stamp(body: RunEventBody, seq: number, clock: Clock): RunEvent {
  return { format: 1, seq, at: clock().toISOString(), ...body };
}

/** Where a journal's bytes go. */
export interface JournalSink {
  /** Writes all of it or throws. */
  write(bytes: Uint8Array): void;
  /** Returns when what was written survives a crash of the computer. */
  sync(): void;
  close(): void;
}

function fileSink(file: number): JournalSink {
  return {
    write(bytes) {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    },
    sync: () => fdatasyncSync(file),
    close: () => closeSync(file),
  };
}

/** A journal on a sink that has `written` events already; `path` is what messages call it. */
export function openJournal(sink: JournalSink, path: string, written: number, clock: Clock): Journal {
  let seq = written;
  let broken: Fault | null = null;
  return {
    append(body) {
      if (broken) throw broken;
      const event = stamp(body, seq + 1, clock);
      try {
        sink.write(Buffer.from(`${JSON.stringify(event)}\n`));
        if (DURABLE.has(body.type)) sink.sync();
      } catch (error) {
        broken = unwritable(path, error);
        throw broken;
      }
      seq += 1;
      return event;
    },
    close: () => sink.close(),
  };
}

function unwritable(path: string, error: unknown): Fault {
  const { message, next } = toFault(error);
  return new Fault({
    blame: 'lab',
    code: 'JOURNAL_NOT_WRITTEN',
    message: `the journal ${path} cannot be written: ${message}`,
    next: next ?? 'make room for it, then continue with: ktrial resume',
    cause: error,
  });
}

/** Bytes of a journal to its events, and how many bytes the whole lines take. */
export function parseJournal(
  bytes: Uint8Array,
  path: string,
): { readonly events: RunEvent[]; readonly bytes: number } {
  const end = bytes.lastIndexOf(0x0a) + 1;
  const text = new TextDecoder().decode(bytes.subarray(0, end));
  const events = text
    .split('\n')
    .slice(0, -1)
    .map((line, index) => parseEvent(line, index + 1, path));
  return { events, bytes: end };
}

function parseEvent(line: string, expectedSeq: number, path: string): RunEvent {
  let value: { readonly format?: unknown; readonly seq?: unknown; readonly type?: unknown } | null = null;
  try {
    value = JSON.parse(line);
  } catch {
    // Reported below with its place.
  }
  if (value?.format === 1 && value.seq === expectedSeq && typeof value.type === 'string')
    return value as RunEvent;
  const got = value === null ? 'no JSON' : `format ${value?.format}, seq ${value?.seq}`;
  throw new Fault({
    blame: 'lab',
    code: 'JOURNAL_CORRUPTED',
    message: `${path}:${expectedSeq}: got ${got}, expected format 1, seq ${expectedSeq}`,
    next: 'the run cannot be read; repeat it',
  });
}

function guard<Value>(path: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw new Fault({
        blame: 'request',
        code: 'JOURNAL_MISSING',
        message: `there is no journal ${path}`,
        next: 'ktrial list shows the runs that there are',
        cause: error,
      });
    throw toFault(error);
  }
}
