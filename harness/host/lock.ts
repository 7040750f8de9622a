// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../model/index.ts';
import { childEnvironment } from './command.ts';

/** A lock held by this process. The kernel frees it when we die, however we die. */
export interface Lock {
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Takes an exclusive lock on a file, or with `shared` one that others may share, and waits while another ktrial holds
 * it; `onWait` is called once if we must wait. The lock is flock(2), held by a child that ends with our end of its pipe.
 */
export async function takeLock(
  path: string,
  options: { readonly shared?: boolean; readonly onWait?: () => void; readonly signal?: AbortSignal } = {},
): Promise<Lock> {
  await mkdir(dirname(path), { recursive: true });
  const kind = options.shared ? ['-s'] : [];
  const lock = await tryLock(path, [...kind, '-n'], options.signal);
  if (lock) return lock;
  options.onWait?.();
  return waitLock(path, kind, options.signal);
}

/** The exclusive lock on a file, or null when anybody holds it in any way. */
export async function takeFreeLock(path: string): Promise<Lock | null> {
  await mkdir(dirname(path), { recursive: true });
  return tryLock(path, ['-n']);
}

async function waitLock(path: string, kind: readonly string[], signal?: AbortSignal): Promise<Lock> {
  const lock = await tryLock(path, kind, signal);
  if (!lock) throw new Fault({ blame: 'lab', code: 'HOST_LOCK_FAILED', message: `cannot lock ${path}` });
  return lock;
}

function tryLock(path: string, flags: readonly string[], signal?: AbortSignal): Promise<Lock | null> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', [...flags, '-E', '75', path, 'sh', '-c', 'echo locked; exec cat'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...childEnvironment() },
      detached: true,
    });
    const abort = () => {
      child.stdin.destroy();
      child.kill('SIGKILL');
      reject(
        new Fault({
          blame: 'request',
          code: 'HOST_INTERRUPTED',
          message: `interrupted while waiting for ${path}`,
        }),
      );
    };
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    const gone = new Promise<void>((ended) => child.on('close', () => ended()));
    child.on('error', (cause) =>
      reject(
        new Fault({
          blame: 'lab',
          code: 'HOST_PROGRAM_MISSING',
          message: 'the program flock is not installed',
          next: 'sudo apt-get install -y util-linux',
          cause,
        }),
      ),
    );
    child.on('close', (code) => {
      signal?.removeEventListener('abort', abort);
      if (code === 75) resolve(null);
      else
        reject(
          new Fault({
            blame: 'lab',
            code: 'HOST_LOCK_FAILED',
            message: `cannot lock ${path}: flock ended with ${code}`,
          }),
        );
    });
    child.stdin.on('error', () => {});
    child.stdout.once('data', () => {
      signal?.removeEventListener('abort', abort);
      child.unref();
      resolve({
        async [Symbol.asyncDispose]() {
          child.ref();
          child.stdin.end();
          await gone;
        },
      });
    });
  });
}
