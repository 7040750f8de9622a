// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, openSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
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
 * `onWait` is called once if it is. Faults: `HOST_INTERRUPTED`, and those of `flock`.
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
  await mkdir(dirname(path), { recursive: true });
  const descriptor = openSync(path, 'a', 0o666);
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
