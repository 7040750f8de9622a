// SPDX-License-Identifier: MIT
import { mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { freeSpaceMib } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import type { Context } from './context.ts';

/** Room that a run's logs and overlays may take, in MiB. */
const RUN_MIB = 256;

/** Makes the directory of a run, new and empty, with `latest` beside it. Faults: `RUN_DIRECTORY_USED` (request), `HOST_DISK_FULL` (lab). */
export async function makeRunDirectory(
  context: Context,
  wanted: string | undefined,
  title: string,
): Promise<string> {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').slice(0, 15);
  const slug = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  const path =
    wanted === undefined
      ? join(context.runsDirectory, `${stamp}-${slug}-${process.pid}`)
      : resolve(context.workingDirectory, wanted);
  await mkdir(path, { recursive: true });
  if ((await readdir(path)).length > 0) {
    throw new Fault({
      blame: 'request',
      code: 'RUN_DIRECTORY_USED',
      message: `the run directory ${path} is not empty`,
      next: 'name a new one: nothing is overwritten',
    });
  }
  const freeMib = await freeSpaceMib(path);
  if (freeMib < RUN_MIB) {
    throw new Fault({
      blame: 'lab',
      code: 'HOST_DISK_FULL',
      message: `${path} has ${Math.floor(freeMib)} MiB free, a run takes up to ${RUN_MIB}`,
      next: 'free some space, or choose another directory: --run-directory DIR',
    });
  }
  if (wanted === undefined) await pointLatest(path);
  return path;
}

async function pointLatest(path: string): Promise<void> {
  const latest = join(dirname(path), 'latest');
  const fresh = `${latest}.${process.pid}`;
  await rm(fresh, { force: true });
  await symlink(path, fresh);
  await rename(fresh, latest);
}
