// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, openSync } from 'node:fs';
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../model/index.ts';
import { runCommand } from './command.ts';

/**
 * A lock on a file (flock(2)). It belongs to our open file, so nothing but our death or closing it can free it, and a
 * command that inherits `descriptor` (`CommandOptions.keepOpen`) holds it until its last process is gone.
 */
export interface Lock {
  readonly descriptor: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Exit code of flock(1) for "held by another". */
const HELD = 75;

/**
 * Takes an exclusive lock on a file, or with `shared` one that other shared takers may hold too. Waits while it is held;
 * `onWait` is called once if it is. Faults: `HOST_INTERRUPTED`, `HOST_NOT_ALLOWED` and `HOST_PATH_BLOCKED` (lab), and those of
 * `flock`.
 */
export async function takeLock(
  path: string,
  options: { readonly shared?: boolean; readonly onWait?: () => void; readonly signal?: AbortSignal } = {},
): Promise<Lock> {
  const kind = options.shared ? '-s' : '-x';
  const signal = options.signal ? { signal: options.signal } : {};
  const lock = await tryLock(path, [kind, '-n'], signal);
  if (lock) return lock;
  options.onWait?.();
  for (;;) {
    const waited = await tryLock(path, [kind], signal);
    if (waited) return waited;
  }
}

/** The exclusive lock on a file, or null when anybody holds it in any way. */
export async function takeFreeLock(path: string): Promise<Lock | null> {
  return tryLock(path, ['-x', '-n'], {});
}

/** Null when another holds the lock, or when the file was deleted while we waited: its lock then means nothing. */
async function tryLock(
  path: string,
  flags: readonly string[],
  options: { readonly signal?: AbortSignal },
): Promise<Lock | null> {
  const descriptor = await openLockFile(path);
  try {
    // flock(1) locks the open file that it inherits from us, and ends; the lock stays ours.
    const { exitCode } = await runCommand('flock', [...flags, '-E', String(HELD), '4'], {
      ...options,
      keepOpen: descriptor,
      accept: [0, HELD],
    });
    if (exitCode === 0 && (await isSameFile(descriptor, path))) return openedLock(descriptor);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  closeSync(descriptor);
  return null;
}

/** Faults `HOST_NOT_ALLOWED`, `HOST_PATH_BLOCKED` (lab) where the file cannot be made; a full disk is thrown as it is. */
async function openLockFile(path: string): Promise<number> {
  try {
    await mkdir(dirname(path), { recursive: true });
    return openSync(path, 'a', 0o666);
  } catch (cause) {
    throw await explainRefusal(path, cause as NodeJS.ErrnoException);
  }
}

async function explainRefusal(path: string, cause: NodeJS.ErrnoException): Promise<Error> {
  // Node says ENOENT for a directory that cannot be made on a read-only file system.
  const code = cause.code === 'ENOENT' ? await findRefusal(dirname(path)) : cause.code;
  const [faultCode, why] =
    code === 'EROFS'
      ? ['HOST_NOT_ALLOWED', 'the file system is read-only']
      : code === 'EACCES' || code === 'EPERM'
        ? ['HOST_NOT_ALLOWED', 'permission denied']
        : ['ENOENT', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ELOOP', 'ENAMETOOLONG'].includes(code ?? '')
          ? ['HOST_PATH_BLOCKED', 'a part of the path is not what it should be']
          : [null, ''];
  if (faultCode === null) return cause;
  return new Fault({
    blame: 'lab',
    code: faultCode,
    message: `ktrial cannot write to ${dirname(path)}: ${why}`,
    next: 'allow it, or choose another directory: XDG_CACHE_HOME, XDG_STATE_HOME, --run-directory',
    cause,
  });
}

/** Why nothing can be made in the nearest directory that is there. */
async function findRefusal(directory: string): Promise<string> {
  const refusal = await access(directory, constants.W_OK).catch((error: NodeJS.ErrnoException) => error.code);
  if (refusal !== 'ENOENT') return refusal ?? 'ENOENT';
  return dirname(directory) === directory ? 'ENOENT' : findRefusal(dirname(directory));
}

function openedLock(descriptor: number): Lock {
  let open = true;
  return {
    descriptor,
    async [Symbol.asyncDispose]() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

async function isSameFile(descriptor: number, path: string): Promise<boolean> {
  const [ours, there] = [fstatSync(descriptor), await stat(path).catch(() => null)];
  return there !== null && there.ino === ours.ino && there.dev === ours.dev;
}
