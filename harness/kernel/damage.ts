// SPDX-License-Identifier: MIT
import { access, constants } from 'node:fs/promises';
import { freeSpaceMib } from '../host/index.ts';
import { Fault, isFault } from '../model/index.ts';

/** What git says of a repository that is damaged, whatever it was asked to do. */
const DAMAGE =
  /not a git repository|bad config (?:line|file)|index file (?:corrupt|smaller than expected)|bad (?:object|tree object|index file sha1)|(?:loose )?object (?:file )?\S+.* is (?:corrupt|empty)|inflate: data stream error|unable to (?:unpack|read) \S+|packfile .* (?:too short|cannot be|not match|is truncated|corrupt)|pack has bad object|index-pack failed|unpack-objects (?:failed|error)|invalid (?:sha1|object)|missing (?:blob|tree|commit)|could not (?:parse|read) (?:commit|object)|cannot lock ref|unable to resolve reference|garbage at end of|object corrupt or missing|Could not read [0-9a-f]{40}/i;

/** Below this, in MiB, a failure is thought to come from the full disk. */
const LEAST_FREE_MIB = 8;

/** The line in which git says that the cache's own repository is damaged, or null. Lines of the other side do not count. */
export function findRepositoryDamage(stderr: string): string | null {
  const lines = stderr.split('\n').filter((line) => !line.startsWith('remote:'));
  return lines.find((line) => DAMAGE.test(line))?.trim() ?? null;
}

/** A Fault for a damaged part of the cache; `openBuildTree` discards it and starts again. */
export function damageFault(path: string, reason: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'KERNEL_CACHE_DAMAGED',
    message: `${path} in the cache is damaged: ${reason}`,
    next: 'run it again: it is discarded and made again',
  });
}

/**
 * Why something that was thrown means that the cache is damaged, in one line; null where it means something else. Faults
 * `HOST_DISK_FULL` and `HOST_NOT_ALLOWED` where the cache cannot be written: then nothing may be discarded.
 */
export async function explainDamage(error: unknown, cacheDirectory: string): Promise<string | null> {
  const reason = reasonOf(error);
  if (reason === null) return null;
  await requireWritable(cacheDirectory, reason, error);
  return reason;
}

function reasonOf(error: unknown): string | null {
  if (isFault(error, 'KERNEL_CACHE_DAMAGED')) return error.message;
  if (isFault(error, 'HOST_COMMAND_FAILED') && error.message.startsWith('git '))
    return error.details.at(-1) ?? error.message;
  const { code, path } = error as NodeJS.ErrnoException;
  const isBlocked = ['EEXIST', 'ENOTDIR', 'EISDIR', 'ELOOP'].includes(code ?? '');
  return isBlocked && !isFault(error) ? `${path} is not what it should be` : null;
}

async function requireWritable(cacheDirectory: string, reason: string, cause: unknown): Promise<void> {
  const freeMib = await freeSpaceMib(cacheDirectory).catch(() => null);
  if (freeMib !== null && freeMib < LEAST_FREE_MIB)
    throw new Fault({
      blame: 'lab',
      code: 'HOST_DISK_FULL',
      message: `the disk of the cache ${cacheDirectory} is full: ${reason}`,
      next: 'free some space, or choose another directory: XDG_CACHE_HOME',
      cause,
    });
  await access(cacheDirectory, constants.W_OK).catch((refusal: NodeJS.ErrnoException) => {
    throw new Fault({
      blame: 'lab',
      code: 'HOST_NOT_ALLOWED',
      message: `the cache ${cacheDirectory} cannot be written: ${refusal.code === 'EROFS' ? 'the file system is read-only' : 'permission denied'}`,
      next: 'allow it, or choose another directory: XDG_CACHE_HOME',
      cause,
    });
  });
}
