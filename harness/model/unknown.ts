// SPDX-License-Identifier: MIT
import { type Blame, Fault, isFault } from './fault.ts';

interface Refusal {
  readonly code: string;
  readonly what: string;
  readonly next: string;
}

const FREE_SPACE = 'free some space, or choose another directory';
const FEWER = 'end other programs, or use fewer machines at once: --jobs 1';
const OTHER_PLACE =
  'allow it, or choose another directory: --run-directory DIR, XDG_CACHE_HOME, XDG_STATE_HOME or TMPDIR';
const LOOK =
  'look at what is at this path, or choose another directory: --run-directory DIR, XDG_CACHE_HOME, XDG_STATE_HOME or TMPDIR';

/** Refusals of the operating system: they say something about this computer, never about a kernel under test. */
const LAB_ERRORS: Readonly<Record<string, Refusal>> = {
  ENOSPC: { code: 'HOST_DISK_FULL', what: 'the disk is full', next: FREE_SPACE },
  EDQUOT: { code: 'HOST_DISK_FULL', what: 'the disk quota is used up', next: FREE_SPACE },
  EFBIG: {
    code: 'HOST_DISK_FULL',
    what: 'a file may not become larger',
    next: 'raise the limit: ulimit -f unlimited',
  },
  EMFILE: { code: 'HOST_LIMIT', what: 'too many open files', next: 'raise the limit: ulimit -n 4096' },
  ENFILE: { code: 'HOST_LIMIT', what: 'too many open files on this computer', next: 'end other programs' },
  ENOMEM: { code: 'HOST_LIMIT', what: 'not enough memory', next: FEWER },
  EAGAIN: { code: 'HOST_LIMIT', what: 'a resource is exhausted', next: FEWER },
  EIO: { code: 'HOST_IO', what: 'reading or writing failed', next: 'check the disk' },
  EACCES: { code: 'HOST_NOT_ALLOWED', what: 'permission denied', next: OTHER_PLACE },
  EPERM: { code: 'HOST_NOT_ALLOWED', what: 'not permitted', next: OTHER_PLACE },
  EROFS: { code: 'HOST_NOT_ALLOWED', what: 'the file system is read-only', next: OTHER_PLACE },
  ENOENT: { code: 'HOST_MISSING', what: 'a file or directory is missing', next: LOOK },
  ENOTDIR: { code: 'HOST_NOT_A_DIRECTORY', what: 'a part of the path is no directory', next: LOOK },
  EISDIR: { code: 'HOST_NOT_A_FILE', what: 'a directory is where a file is expected', next: LOOK },
  EEXIST: { code: 'HOST_NOT_A_DIRECTORY', what: 'something else is there already', next: LOOK },
  ELOOP: { code: 'HOST_NOT_A_DIRECTORY', what: 'a symbolic link is in a loop', next: LOOK },
  ENAMETOOLONG: {
    code: 'HOST_BAD_PATH',
    what: 'a name is too long',
    next: 'choose a shorter name or directory',
  },
  ENXIO: { code: 'HOST_NOT_A_FILE', what: 'a socket or device is where a file is expected', next: LOOK },
};

/** What Node itself refuses because it is too large for its memory. */
const TOO_LARGE = new Set(['ERR_STRING_TOO_LONG', 'ERR_FS_FILE_TOO_LARGE', 'ERR_BUFFER_TOO_LARGE']);

/**
 * Anything thrown, as a Fault. A Fault stays what it is. What the operating system refused (a full disk, no memory, no
 * permission, a missing program) is the lab's; everything that ktrial did not foresee is a bug in ktrial.
 */
export function toFault(error: unknown): Fault {
  if (isFault(error)) return error;
  const { code, path, syscall, message } = errnoOf(error);
  if (syscall === 'uv_cwd')
    return labFault(
      {
        code: 'HOST_NO_WORKING_DIRECTORY',
        what: 'the current directory is gone',
        next: 'change to a directory that is there: cd',
      },
      '',
      message,
      error,
    );
  if (code === 'ENOENT' && syscall.startsWith('spawn'))
    return labFault(
      { code: 'HOST_PROGRAM_MISSING', what: 'a program or its directory is missing', next: 'ktrial doctor' },
      path,
      message,
      error,
    );
  const known = Object.hasOwn(LAB_ERRORS, code) ? LAB_ERRORS[code] : undefined;
  if (known) return labFault(known, path, message, error);
  if (TOO_LARGE.has(code))
    return labFault(
      { code: 'HOST_LIMIT', what: 'something is too large for memory', next: 'hand in less at once' },
      path,
      message,
      error,
    );
  // Any other refusal has the name of the call that was refused.
  if (syscall !== '' && /^E[A-Z0-9]+$/.test(code))
    return labFault(
      { code: 'HOST_REFUSED', what: `the operating system refused ${syscall}`, next: LOOK },
      path,
      message,
      error,
    );
  return new Fault({
    blame: 'harness',
    code: 'KTRIAL_BUG',
    message: `a bug in ktrial: ${message}`,
    next: 'run it again with --debug and report what it prints',
    cause: error,
  });
}

function labFault({ code, what, next }: Refusal, path: string, message: string, cause: unknown): Fault {
  return new Fault({
    blame: 'lab',
    code,
    message: `${what}${path === '' ? '' : ` at ${path}`}: ${message}`,
    next,
    cause,
  });
}

/** Whom a trial counts against when this ended it: what a user typed cannot be a trial's fault, so that is the lab's. */
export function trialBlameOf(error: unknown): Blame {
  const { blame } = toFault(error);
  return blame === 'request' ? 'lab' : blame;
}

function errnoOf(error: unknown): {
  readonly code: string;
  readonly path: string;
  readonly syscall: string;
  readonly message: string;
} {
  if (!(error instanceof Error)) return { code: '', path: '', syscall: '', message: String(error) };
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
  return { code: textOf(code), path: textOf(path), syscall: textOf(syscall), message: error.message };
}
