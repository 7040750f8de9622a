// SPDX-License-Identifier: MIT
import { constants, openSync, type Stats } from 'node:fs';
import { lstat, open, readdir, readlink, stat } from 'node:fs/promises';
import { Fault } from '../model/index.ts';

/** How something that a user named is read. */
export interface InputOptions {
  /** What it is, for messages: `scenario`, `log`, `mailbox`. */
  readonly what: string;
  /** The greatest size that is read, in bytes, and how a user raises it. */
  readonly limitBytes: number;
  /** The option that raises the bound, such as `--limit document-kib=2048`. */
  readonly raise: string;
  readonly signal?: AbortSignal | undefined;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads a file that a user named, whole. This is the one door for such files: what is wrong with them is the request's
 * fault, never this computer's. A named pipe, a device, a socket and a directory are refused before they are opened; the
 * pipe of `<(command)` is read, and an abort ends that at once. Faults, all with blame request: `INPUT_NOT_FOUND`,
 * `INPUT_NOT_A_FILE`, `INPUT_UNREADABLE`, `INPUT_TOO_LARGE`, `HOST_INTERRUPTED`.
 */
export async function readInput(path: string, options: InputOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of streamInput(path, options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The content of a file that a user named, in pieces. Faults as `readInput`. */
export async function* streamInput(path: string, options: InputOptions): AsyncGenerator<Buffer> {
  const { what, limitBytes, signal } = options;
  const there = await lookAt(path, what);
  if (there.isDirectory()) throw notAFile(path, what, 'a directory');
  const isPipe = there.isFIFO();
  if (isPipe && !isOwnPipe(path))
    throw notAFile(path, what, 'a named pipe', 'write it to a file first, or give it as <(cat PIPE)');
  if (!isPipe && !there.isFile()) throw notAFile(path, what, kindOf(there));
  if (there.isFile() && there.size > limitBytes) throw inputTooLarge(path, options);
  let read = 0;
  const count = (chunk: Buffer): Buffer => {
    read += chunk.length;
    if (read > limitBytes) throw inputTooLarge(path, options);
    return chunk;
  };
  try {
    for await (const chunk of isPipe ? streamPipe(path, signal) : streamFile(path)) {
      requireNoAbort(path, signal);
      yield count(chunk);
    }
  } catch (cause) {
    throw cause instanceof Fault ? cause : inputFault(path, what, cause);
  }
  requireNoAbort(path, signal);
}

const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

async function* streamFile(path: string): AsyncGenerator<Buffer> {
  const file = await open(path, FLAGS);
  const read = () => {
    const piece = file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null);
    // Whoever waits for it hears of a failure; until then it is nobody's.
    piece.catch(() => undefined);
    return piece;
  };
  let next = read();
  try {
    for (;;) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      // It is read while the caller works on the one before.
      next = read();
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await next.catch(() => undefined);
    await file.close();
  }
}

/** A read of a pipe in Node's thread pool cannot be ended, not even by exit; a socket's can. */
async function* streamPipe(path: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  // It takes long to load, and most inputs are files.
  const { Socket } = await import('node:net');
  const socket = new Socket({ fd: openSync(path, FLAGS), readable: true, writable: false });
  const onAbort = () => socket.destroy();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of socket) yield chunk as Buffer;
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/** What a path that a user named is. Faults `INPUT_NOT_FOUND`, `INPUT_UNREADABLE` (request). */
export async function lookAtInput(
  path: string,
  what: string,
): Promise<'file' | 'directory' | 'pipe' | 'other'> {
  const there = await lookAt(path, what);
  if (there.isDirectory()) return 'directory';
  if (there.isFIFO()) return 'pipe';
  return there.isFile() ? 'file' : 'other';
}

/** The names in a directory that a user named, sorted. Faults as `readInput`. */
export async function listInput(path: string, what: string): Promise<string[]> {
  const names = await readdir(path).catch((cause: unknown) => {
    throw inputFault(path, what, cause);
  });
  return names.sort();
}

async function lookAt(path: string, what: string): Promise<Stats> {
  return stat(path).catch(async (cause: NodeJS.ErrnoException) => {
    const target = (await lstat(path).catch(() => null))?.isSymbolicLink()
      ? await readlink(path).catch(() => null)
      : null;
    if (target !== null && cause.code === 'ENOENT')
      throw fault(
        'INPUT_NOT_FOUND',
        `the ${what} ${path} is a symbolic link to ${target}, which is not there`,
      );
    throw inputFault(path, what, cause);
  });
}

/** A pipe that this process was started with, such as that of `<(command)`: no other program waits at it. */
function isOwnPipe(path: string): boolean {
  return /^\/(?:dev\/fd|proc\/self\/fd|proc\/\d+\/fd)\/\d+$|^\/dev\/stdin$/.test(path);
}

function kindOf(there: Stats): string {
  if (there.isSocket()) return 'a socket';
  return there.isCharacterDevice() || there.isBlockDevice() ? 'a device' : 'no plain file';
}

/** A refusal of the operating system about something that a user named, as the request's fault. */
export function inputFault(path: string, what: string, cause: unknown): Fault {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  // Joined to a directory, an address has lost a slash.
  const isAddress = /(?:^|\/)(?:https?|ftps?|git|ssh|file):\/{1,2}[^/]/i.test(path);
  if (isAddress && (code === 'ENOENT' || code === 'ENOTDIR'))
    return fault(
      'INPUT_NOT_FOUND',
      `got the address ${path}, expected a ${what} on this computer`,
      'fetch it first, such as with curl, and name the file',
      cause,
    );
  if (code === 'ENOENT') return fault('INPUT_NOT_FOUND', `there is no ${what} ${path}`, undefined, cause);
  if (code === 'ENOTDIR')
    return fault(
      'INPUT_NOT_FOUND',
      `there is no ${what} ${path}: a part of the path is no directory`,
      undefined,
      cause,
    );
  if (code === 'ENAMETOOLONG')
    return fault(
      'INPUT_NOT_FOUND',
      `there is no ${what} with so long a name: ${path.slice(0, 60)}…`,
      undefined,
      cause,
    );
  if (code === 'ELOOP')
    return fault('INPUT_UNREADABLE', `the ${what} ${path} is a symbolic link in a loop`, undefined, cause);
  if (code === 'EISDIR') return notAFile(path, what, 'a directory');
  if (code === 'EACCES' || code === 'EPERM')
    return fault(
      'INPUT_UNREADABLE',
      `the ${what} ${path} cannot be read: permission denied`,
      `allow it: chmod +r, for the file and its directories`,
      cause,
    );
  return fault('INPUT_UNREADABLE', `the ${what} ${path} cannot be read: ${message}`, undefined, cause);
}

function notAFile(path: string, what: string, kind: string, next?: string): Fault {
  return fault('INPUT_NOT_A_FILE', `got ${kind} ${path}, expected a ${what} in a plain file`, next);
}

/** What is larger than its bound, as the request's fault. */
export function inputTooLarge(path: string, { what, limitBytes, raise }: InputOptions): Fault {
  const expected =
    limitBytes >= 1024 * 1024
      ? `${Math.floor(limitBytes / 1024 / 1024)} MiB`
      : `${Math.floor(limitBytes / 1024)} KiB`;
  return fault(
    'INPUT_TOO_LARGE',
    `the ${what} ${path} is too large: expected at most ${expected}`,
    `if it really is one: ${raise}`,
  );
}

function fault(code: string, message: string, next?: string, cause?: unknown): Fault {
  return new Fault({
    blame: 'request',
    code,
    message,
    ...(next === undefined ? {} : { next }),
    ...(cause === undefined ? {} : { cause }),
  });
}

function requireNoAbort(path: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw fault('HOST_INTERRUPTED', `interrupted while ${path} was read`);
}
