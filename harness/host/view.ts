// SPDX-License-Identifier: MIT
import {
  accessSync,
  appendFileSync,
  constants,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { childEnvironment } from './environment.ts';

/** What every program needs to be loaded: programs, libraries and their data. */
const SYSTEM: readonly string[] = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/nix/store',
  '/gnu/store',
  '/etc/ld.so.cache',
  '/etc/alternatives',
];

/** A file system of a program's own, as a table for mount(8) and the directory that becomes its root. */
export interface View {
  readonly table: string;
  readonly root: string;
}

/** A program on this computer. */
export interface ProgramPlace {
  /** How it is called inside: by name where it is one of the system's. */
  readonly path: string;
  /** The directory that it was installed to, where that is none of the system's. */
  readonly prefix: string | null;
}

/** Finds a program as the shell would. One that is not there keeps its name: who starts it gets the error. */
export function findProgram(name: string): ProgramPlace {
  const places = name.includes('/') ? [name] : searchPath().map((directory) => join(directory, name));
  for (const place of places) {
    if (!isExecutable(place)) continue;
    const path = realpathSync(place);
    if (SYSTEM.some((one) => path.startsWith(`${one}/`))) return { path: place, prefix: null };
    const directory = dirname(path);
    return { path, prefix: basename(directory) === 'bin' ? dirname(directory) : directory };
  }
  return { path: name, prefix: null };
}

/**
 * Writes the table of mounts, and the empty files and directories that it mounts over, into `directory`. The root itself is
 * read-only. Options that a file system has already must be given again where a user namespace may not take them away.
 * Synchronous: these are thirty calls of microseconds each, and a clone waits for them.
 */
export function buildView(
  directory: string,
  { prefix }: ProgramPlace,
  shown: {
    readonly readable: readonly string[];
    readonly secret: readonly string[];
    readonly writable: readonly string[];
    readonly devices: readonly string[];
  },
): View {
  const root = join(directory, 'root');
  const lines = [mountLine(root, root, 'bind,ro,nosuid,nodev')];
  mkdirSync(root, { mode: 0o755 });
  const show = (path: string, options: string): void => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return;
    const target = join(root, path);
    mkdirSync(found.isDirectory() ? target : dirname(target), { recursive: true, mode: 0o755 });
    if (!found.isDirectory()) appendFileSync(target, '');
    lines.push(mountLine(path, target, options));
  };
  for (const path of SYSTEM) {
    const link = linkOf(path);
    if (link === null) show(path, 'bind,ro,nosuid,nodev');
    else symlinkSync(link, join(root, path));
  }
  if (prefix !== null) show(prefix, 'bind,ro,nosuid,nodev');
  for (const path of [...shown.readable, ...shown.secret]) show(path, 'bind,ro,nosuid,nodev,noexec');
  for (const path of shown.writable) show(path, 'bind,nosuid,nodev,noexec');
  for (const path of shown.devices) show(path, 'bind');
  const table = join(directory, 'mounts');
  writeFileSync(table, lines.join(''), { mode: 0o600 });
  return { table, root };
}

function searchPath(): string[] {
  return (childEnvironment().PATH ?? '/usr/bin:/bin').split(':').filter((one) => one.startsWith('/'));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where a symbolic link of the top level leads to, as /bin on most systems; null for anything else. */
function linkOf(path: string): string | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isSymbolicLink() && dirname(path) === '/' ? readlinkSync(path) : null;
}

/** A line of fstab(5), in which blanks, line feeds and backslashes are written as octal numbers. */
export function mountLine(source: string, target: string, options: string): string {
  const write = (path: string) =>
    path.replaceAll(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `${write(source)} ${write(target)} none ${options} 0 0\n`;
}
