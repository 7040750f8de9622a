// SPDX-License-Identifier: MIT
import { constants, realpathSync } from 'node:fs';
import { access, lstat, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { Fault, type FaultBlame } from '../model/index.ts';

/** A directory for ktrial's own files, as whoever set it knows it. */
export interface OwnDirectory {
  readonly path: string;
  /** For messages: `the cache directory`. */
  readonly what: string;
  /** Where its path comes from and is changed: `XDG_CACHE_HOME`, `--run-directory`. */
  readonly setting: string;
  /** `request` for what was typed with the command, `lab` for what is set on this computer. */
  readonly blame: Extract<FaultBlame, 'request' | 'lab'>;
  /** Nobody makes it: it has to be there. */
  readonly mustExist?: boolean;
}

/** What make, its shell and the compiler take as a part of a name: the kernel's Makefile refuses blanks and colons itself. */
const BUILDABLE = /^[\p{L}\p{M}\p{N}/._+@~=-]+$/u;

/**
 * Requires the form of a path for ktrial's own files: absolute, without control characters, and with `isBuiltIn`, for paths
 * that builds see, without what make or a shell would interpret, and no link to such a path. Fault `HOST_BAD_PATH` (request).
 */
export function requireUsablePath(
  { path, what, setting }: Pick<OwnDirectory, 'path' | 'what' | 'setting'>,
  isBuiltIn = false,
): void {
  const real = isBuiltIn ? findReal(path) : path;
  const problem = !isAbsolute(path)
    ? 'expected an absolute path'
    : /\p{Cc}/u.test(path)
      ? 'expected a path without control characters'
      : isBuiltIn && !BUILDABLE.test(path)
        ? 'expected a path that make can work in: of letters, digits and / . _ + @ ~ = -'
        : isBuiltIn && !BUILDABLE.test(real)
          ? `which leads to ${JSON.stringify(real)}: expected a path that make can work in`
          : null;
  if (problem === null) return;
  throw new Fault({
    blame: 'request',
    code: 'HOST_BAD_PATH',
    message: `got ${JSON.stringify(path)} as ${what}, ${problem}`,
    next: `set ${setting} to another directory`,
  });
}

/** The path without symbolic links, as far as it exists. */
function findReal(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(findReal(above), basename(path));
  }
}

/**
 * Requires that a directory can be used, or made, without making it. Faults, with the blame given: `HOST_NOT_A_DIRECTORY`,
 * `HOST_NOT_ALLOWED`, `HOST_DISK_FULL`.
 */
export async function requireUsableDirectory(directory: OwnDirectory, neededMib = 1): Promise<void> {
  const { path, what } = directory;
  const existing = await findExisting(directory, path);
  await access(existing, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw ownDirectoryFault(directory, cause, existing);
  });
  const { bavail, bsize, blocks } = await statfs(existing);
  const freeMib = (bavail * bsize) / 1024 / 1024;
  // A tmpfs without a bound has no blocks.
  if (blocks > 0 && freeMib < neededMib)
    throw new Fault({
      blame: 'lab',
      code: 'HOST_DISK_FULL',
      message: `got ${Math.floor(freeMib)} MiB free for ${what} at ${existing}, expected ${neededMib}`,
      next: `free some space, or set ${directory.setting} to a directory on another disk`,
    });
}

/** The directory itself or, where it is yet to be made, the nearest one above it. */
async function findExisting(directory: OwnDirectory, path: string): Promise<string> {
  const there = await stat(path).catch(async (cause: NodeJS.ErrnoException) => {
    // A broken link is there, and nothing can be made at its place.
    const isLink = await lstat(path).then(
      (one) => one.isSymbolicLink(),
      () => false,
    );
    if (cause.code === 'ENOENT' && !isLink && !directory.mustExist && dirname(path) !== path) return null;
    throw ownDirectoryFault(directory, cause, path);
  });
  if (there === null) return findExisting(directory, dirname(path));
  if (there.isDirectory()) return path;
  throw ownDirectoryFault(directory, { code: 'ENOTDIR' }, path);
}

/** A refusal of the operating system about a directory for ktrial's own files, as a Fault that says who set it, and how. */
export function ownDirectoryFault(
  { path, what, setting, blame }: OwnDirectory,
  cause: unknown,
  at = path,
): Fault {
  const { code = '', message = '' } = cause as NodeJS.ErrnoException;
  const reason: Readonly<Record<string, readonly [string, string]>> = {
    ENOTDIR: ['HOST_NOT_A_DIRECTORY', `${at} is no directory`],
    EEXIST: ['HOST_NOT_A_DIRECTORY', `${at} is no directory`],
    ENOENT: ['HOST_NOT_A_DIRECTORY', `${at} is not there, or a symbolic link to nothing`],
    ELOOP: ['HOST_NOT_A_DIRECTORY', `${at} is a symbolic link in a loop`],
    ENAMETOOLONG: ['HOST_NOT_A_DIRECTORY', 'its name is too long'],
    EACCES: ['HOST_NOT_ALLOWED', `permission denied at ${at}`],
    EPERM: ['HOST_NOT_ALLOWED', `not permitted at ${at}`],
    EROFS: ['HOST_NOT_ALLOWED', `the file system of ${at} is read-only`],
    ENOSPC: ['HOST_DISK_FULL', `the disk is full at ${at}`],
    EDQUOT: ['HOST_DISK_FULL', `the disk quota is used up at ${at}`],
  };
  const [faultCode, why] = reason[code] ?? ['HOST_NOT_ALLOWED', message];
  return new Fault({
    blame: faultCode === 'HOST_DISK_FULL' ? 'lab' : blame,
    code: faultCode,
    message: `${what} ${path} cannot be used: ${why}`,
    next: `set ${setting} to a directory that you may write to`,
    cause,
  });
}

/** The directory for temporary files, for messages about it. */
export function temporaryDirectory(path = tmpdir()): OwnDirectory {
  return {
    path,
    what: 'the directory for temporary files',
    setting: 'TMPDIR',
    blame: 'lab',
    mustExist: true,
  };
}
