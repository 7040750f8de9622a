// SPDX-License-Identifier: MIT
import { freeSpaceMib } from '../host/index.ts';
import { type Blame, Fault, isFault } from '../model/index.ts';

/** Below this much free space, in MiB, the console's log may have lost its end. */
const LEAST_FREE_MIB = 4;

/** How often the disk is looked at while a machine runs, in milliseconds. */
const LOOK_EVERY_MS = 2_000;

/** Calls `onFull` once when the disk of a directory runs full; returns what ends the watch. */
export function watchSpace(directory: string, onFull: () => void): () => void {
  const timer = setInterval(() => {
    freeSpaceMib(directory).then(
      (free) => {
        if (free >= LEAST_FREE_MIB) return;
        clearInterval(timer);
        onFull();
      },
      () => {},
    );
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

/** A log on a full disk is no evidence: a complaint may be missing in it. */
export async function requireSpace(directory: string): Promise<void> {
  if ((await freeSpaceMib(directory)) >= LEAST_FREE_MIB) return;
  throw new Fault({
    blame: 'lab',
    code: 'HOST_DISK_FULL',
    message: `the disk of ${directory} is full: the machine's log may have lost its end`,
    next: 'free some space and run it again, or choose another directory: --run-directory DIR',
  });
}

/** Anything thrown in a trial as a Fault. */
export function asFault(error: unknown): Fault {
  if (isFault(error)) return error;
  const full = (error as NodeJS.ErrnoException | null)?.code === 'ENOSPC';
  return full
    ? new Fault({
        blame: 'lab',
        code: 'HOST_DISK_FULL',
        message: `the disk is full: ${messageOf(error)}`,
        cause: error,
      })
    : new Fault({ blame: 'harness', code: 'TRIAL_BUG', message: messageOf(error), cause: error });
}

/** Whom a trial that was cut short by this counts against. */
export function blameOf(error: unknown): Blame {
  const { blame } = asFault(error);
  return blame === 'request' ? 'lab' : blame;
}

/** The words of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
