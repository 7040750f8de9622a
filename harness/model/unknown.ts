// SPDX-License-Identifier: MIT
import { type Blame, Fault, isFault } from './fault.ts';

/** Error codes of Node and the operating system that say something about this computer, never about a kernel under test. */
const LAB_ERRORS: Readonly<
  Record<string, { readonly code: string; readonly what: string; readonly next: string }>
> = {
  ENOSPC: {
    code: 'HOST_DISK_FULL',
    what: 'the disk is full',
    next: 'free some space, or choose another directory',
  },
  EDQUOT: {
    code: 'HOST_DISK_FULL',
    what: 'the disk quota is used up',
    next: 'free some space, or choose another directory',
  },
  EMFILE: { code: 'HOST_LIMIT', what: 'too many open files', next: 'raise the limit: ulimit -n 4096' },
  ENFILE: { code: 'HOST_LIMIT', what: 'too many open files on this computer', next: 'end other programs' },
  ENOMEM: {
    code: 'HOST_LIMIT',
    what: 'not enough memory',
    next: 'end other programs, or use fewer machines at once: --jobs 1',
  },
  EAGAIN: {
    code: 'HOST_LIMIT',
    what: 'a resource is exhausted',
    next: 'end other programs, or use fewer machines at once: --jobs 1',
  },
  EIO: { code: 'HOST_IO', what: 'reading or writing failed', next: 'check the disk' },
  EACCES: {
    code: 'HOST_NOT_ALLOWED',
    what: 'permission denied',
    next: 'choose another directory: --run-directory DIR, XDG_CACHE_HOME, XDG_STATE_HOME',
  },
  EPERM: {
    code: 'HOST_NOT_ALLOWED',
    what: 'not permitted',
    next: 'choose another directory: --run-directory DIR, XDG_CACHE_HOME, XDG_STATE_HOME',
  },
  EROFS: {
    code: 'HOST_NOT_ALLOWED',
    what: 'the file system is read-only',
    next: 'choose another directory: --run-directory DIR, XDG_CACHE_HOME, XDG_STATE_HOME',
  },
};

/**
 * Anything thrown, as a Fault. A Fault stays what it is. What the operating system refused (a full disk, no memory,
 * no permission) is the lab's; everything that ktrial did not foresee is a bug in ktrial.
 */
export function toFault(error: unknown): Fault {
  if (isFault(error)) return error;
  const { code, path, message } = errnoOf(error);
  const known = LAB_ERRORS[code];
  if (known)
    return new Fault({
      blame: 'lab',
      code: known.code,
      message: `${known.what}${path === '' ? '' : ` at ${path}`}: ${message}`,
      next: known.next,
      cause: error,
    });
  return new Fault({
    blame: 'harness',
    code: 'KTRIAL_BUG',
    message: `a bug in ktrial: ${message}`,
    next: 'run it again with --debug and report what it prints',
    cause: error,
  });
}

/** Whom a trial counts against when this ended it: what a user typed cannot be a trial's fault, so that is the lab's. */
export function trialBlameOf(error: unknown): Blame {
  const { blame } = toFault(error);
  return blame === 'request' ? 'lab' : blame;
}

function errnoOf(error: unknown): { readonly code: string; readonly path: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: '', path: '', message: String(error) };
  const { code, path } = error as NodeJS.ErrnoException;
  return {
    code: typeof code === 'string' ? code : '',
    path: typeof path === 'string' ? path : '',
    message: error.message,
  };
}
