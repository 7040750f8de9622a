// SPDX-License-Identifier: MIT
import { freeSpaceMib } from '../host/index.ts';
import { Fault } from '../model/index.ts';

/** Below this much free space, in MiB, the console's log may have lost its end. */
const LEAST_FREE_MIB = 4;

/** How the disk of a trial is watched. */
export interface SpaceProbe {
  /** Measures the free space of a directory's disk, in MiB. */
  measureMib(directory: string): Promise<number>;
  /** How often that is done while a machine runs, in milliseconds. */
  readonly everyMs: number;
}

export const HOST_SPACE: SpaceProbe = { measureMib: freeSpaceMib, everyMs: 2_000 };

/** Calls `onFull` once when the disk of a directory runs full. Disposing it ends the watch. */
export function watchSpace(directory: string, onFull: (fault: Fault) => void, probe: SpaceProbe): Disposable {
  const timer = setInterval(() => {
    void findFullDisk(directory, probe).then((fault) => {
      if (!fault) return;
      clearInterval(timer);
      onFull(fault);
    });
  }, probe.everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** A log on a full disk is no evidence: a splat may be missing in it. Null while there is space, or where nobody knows. */
export async function findFullDisk(directory: string, probe: SpaceProbe): Promise<Fault | null> {
  const freeMib = await probe.measureMib(directory).catch(() => null);
  if (freeMib === null || freeMib >= LEAST_FREE_MIB) return null;
  return new Fault({
    blame: 'lab',
    code: 'HOST_DISK_FULL',
    message: `the disk of ${directory} is full: the machine's log may have lost its end`,
    next: 'free some space and run it again, or choose another directory: --run-directory DIR',
  });
}
