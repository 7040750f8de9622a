// SPDX-License-Identifier: MIT
import { mkdir, readdir, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { freeSpaceMib } from '../host/index.ts';
import { Fault } from '../model/index.ts';

/** Space that a run's logs and overlays may take, in MiB. */
const RUN_MIB = 256;

export const JOURNAL_FILE = 'journal.ndjson';
export const SERIES_FILE = 'series.mbox';
export const RECORD_FILE = 'record.json';

/** Where runs are, and what relative paths are relative to. */
export interface RunsPlace {
  readonly runsDirectory: string;
  readonly workingDirectory: string;
}

/**
 * Makes the directory of a run, new and empty; `latest` beside it names it. Its name is the run's id. Faults:
 * `RUN_DIRECTORY_USED` (request), `HOST_DISK_FULL` (lab).
 */
export async function makeRunDirectory(
  place: RunsPlace,
  wanted: string | undefined,
  title: string,
): Promise<string> {
  const path =
    wanted === undefined ? join(place.runsDirectory, newId(title)) : resolve(place.workingDirectory, wanted);
  await mkdir(path, { recursive: true });
  if ((await readdir(path)).length > 0) {
    throw new Fault({
      blame: 'request',
      code: 'RUN_DIRECTORY_USED',
      message: `the run directory ${path} is not empty`,
      next: `name a new one, or continue the run that is in it: ktrial resume ${path}`,
    });
  }
  const freeMib = await freeSpaceMib(path);
  if (freeMib < RUN_MIB) {
    throw new Fault({
      blame: 'lab',
      code: 'HOST_DISK_FULL',
      message: `got ${Math.floor(freeMib)} MiB free at ${path}, expected ${RUN_MIB}: a run takes up to that`,
      next: 'free some space, or choose another directory: --run-directory DIR',
    });
  }
  if (wanted === undefined) await pointLatest(path);
  return path;
}

function newId(title: string): string {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').slice(0, 15);
  const slug = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return `${stamp}-${slug}-${process.pid}`;
}

async function pointLatest(path: string): Promise<void> {
  const latest = join(dirname(path), 'latest');
  const fresh = `${latest}.${process.pid}`;
  await rm(fresh, { force: true });
  await symlink(path, fresh);
  await rename(fresh, latest);
}

/** The directory of a run that is named by path, by id or as `latest`. Fault `RUN_UNKNOWN` (request). */
export async function findRunDirectory(place: RunsPlace, name = 'latest'): Promise<string> {
  const candidates = [join(place.runsDirectory, name), resolve(place.workingDirectory, name)];
  for (const candidate of /[/.]/.test(name) ? candidates.reverse() : candidates) {
    if (await isFile(join(candidate, JOURNAL_FILE))) return realpath(candidate);
    if (basename(candidate) === JOURNAL_FILE && (await isFile(candidate)))
      return realpath(dirname(candidate));
  }
  throw new Fault({
    blame: 'request',
    code: 'RUN_UNKNOWN',
    message: `got run ${name}, expected latest, an id or the path of a run's directory`,
    next: 'ktrial list shows the runs that there are',
  });
}

/** The directories of all runs in the runs directory, newest first. */
export async function listRunDirectories(place: RunsPlace): Promise<readonly string[]> {
  const entries = await readdir(place.runsDirectory, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const runs: string[] = [];
  for (const name of names.sort().reverse())
    if (await isFile(join(place.runsDirectory, name, JOURNAL_FILE)))
      runs.push(join(place.runsDirectory, name));
  return runs;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}
