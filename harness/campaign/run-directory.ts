// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { access, mkdir, readdir, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  freeSpaceMib,
  inputFault,
  type OwnDirectory,
  ownDirectoryFault,
  requireUsableDirectory,
  requireUsablePath,
} from '../host/index.ts';
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

/** The directory that a run would use, as messages name it. */
function wantedDirectory(place: RunsPlace, wanted: string | undefined, title: string): OwnDirectory {
  if (wanted === undefined)
    return {
      path: join(place.runsDirectory, newId(title)),
      what: 'the directory of runs',
      setting: 'XDG_STATE_HOME',
      blame: 'lab',
    };
  return {
    path: resolve(place.workingDirectory, wanted),
    what: 'the run directory',
    setting: '--run-directory',
    blame: 'request',
  };
}

/**
 * Requires that the directory of a run can be made, or is empty, without making it. Faults: `RUN_DIRECTORY_USED`, those of
 * `requireUsablePath` and `requireUsableDirectory`.
 */
export async function requireRunDirectory(
  place: RunsPlace,
  wanted: string | undefined,
  title: string,
): Promise<OwnDirectory> {
  const directory = wantedDirectory(place, wanted, title);
  requireUsablePath(directory);
  await requireUsableDirectory(directory);
  const names = await readdir(directory.path).catch(() => []);
  if (names.length === 0) return directory;
  throw new Fault({
    blame: 'request',
    code: 'RUN_DIRECTORY_USED',
    message: `the run directory ${directory.path} is not empty`,
    next: `name a new one, or continue the run that is in it: ktrial resume ${directory.path}`,
  });
}

/**
 * Makes the directory of a run, new and empty; `latest` beside it names it. Its name is the run's id. Faults as
 * `requireRunDirectory`, and `HOST_DISK_FULL` (lab).
 */
export async function makeRunDirectory(
  place: RunsPlace,
  wanted: string | undefined,
  title: string,
): Promise<string> {
  const directory = await requireRunDirectory(place, wanted, title);
  const { path } = directory;
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    throw ownDirectoryFault(directory, cause);
  });
  const freeMib = await freeSpaceMib(path);
  if (freeMib < RUN_MIB) {
    throw new Fault({
      blame: 'lab',
      code: 'HOST_DISK_FULL',
      message: `got ${Math.floor(freeMib)} MiB free at ${path}, expected ${RUN_MIB}: a run takes up to that`,
      next: 'free some space, or choose another directory: --run-directory DIR',
    });
  }
  if (wanted === undefined)
    await pointLatest(path).catch((cause: unknown) => {
      throw ownDirectoryFault(directory, cause, join(dirname(path), 'latest'));
    });
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

/** The directory of a run that is named by path, by id or as `latest`. Faults `RUN_UNKNOWN`, `INPUT_UNREADABLE` (request). */
export async function findRunDirectory(place: RunsPlace, name = 'latest'): Promise<string> {
  const candidates = [join(place.runsDirectory, name), resolve(place.workingDirectory, name)];
  for (const candidate of /[/.]/.test(name) ? candidates.reverse() : candidates) {
    const journal = basename(candidate) === JOURNAL_FILE ? candidate : join(candidate, JOURNAL_FILE);
    if (!(await isFile(journal))) continue;
    await access(journal, constants.R_OK).catch((cause: unknown) => {
      throw inputFault(journal, 'run', cause);
    });
    return realpath(dirname(journal));
  }
  throw new Fault({
    blame: 'request',
    code: 'RUN_UNKNOWN',
    message: `got run ${name}, expected latest, an id or the path of a run's directory`,
    next: 'ktrial list shows the runs that there are',
  });
}

/** The directories of all runs in the runs directory, newest first. Faults of `ownDirectoryFault`, blame lab. */
export async function listRunDirectories(place: RunsPlace): Promise<readonly string[]> {
  const path = place.runsDirectory;
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    const own = { path, what: 'the directory of runs', setting: 'XDG_STATE_HOME', blame: 'lab' } as const;
    throw ownDirectoryFault(own, cause);
  });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const runs: string[] = [];
  for (const name of names.sort().reverse())
    if (await isFile(join(place.runsDirectory, name, JOURNAL_FILE)))
      runs.push(join(place.runsDirectory, name));
  return runs;
}

/** Whether a path is a plain file. What may not be looked at is the request's fault. */
async function isFile(path: string): Promise<boolean> {
  const there = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EACCES' || cause.code === 'ELOOP') throw inputFault(path, 'run', cause);
    return null;
  });
  return there?.isFile() === true;
}
