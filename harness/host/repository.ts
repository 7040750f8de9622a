// SPDX-License-Identifier: MIT
import { mkdir, realpath, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Fault, isFault } from '../model/index.ts';
import { exists } from './files.ts';
import { runGit } from './git.ts';
import { lookAtInput, readInput } from './input.ts';
import { makeScratch } from './scratch.ts';

/** A repository that a user named, open for reading. */
export interface Repository {
  /** The directory with its files; null where it is bare. */
  readonly top: string | null;
  /** Where its `HEAD` and its index are. */
  readonly own: string;
  /** The directory with its objects and references, by its true path. All worktrees of a repository share it. */
  readonly place: string;
  /** `sha1` or `sha256`. */
  readonly objectFormat: string;
  /** Whether its history was cut off by a shallow clone. */
  readonly isShallow: boolean;
  /** The commits at which a shallow clone ends, as git writes them down; null for a whole history. */
  readonly shallow: string | null;
  /** Whether it leaves objects to another repository, which are not fetched. */
  readonly isPartial: boolean;
  /** Runs git on its objects and references. */
  ask(...args: readonly string[]): ReturnType<typeof runGit>;
  /** The same, with a directory to run in and further variables. */
  askIn(options: AskOptions, ...args: readonly string[]): ReturnType<typeof runGit>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface AskOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Where git keeps a repository. */
interface Places {
  readonly top: string | null;
  /** The directory with its `HEAD`, which a linked worktree has of its own. */
  readonly own: string;
  /** The directory with its objects, references and configuration. */
  readonly common: string;
}

/** What is taken over, by links: data. Configuration, hooks, attributes, grafts and replacements stay behind. */
const LINKED = ['objects', 'refs', 'packed-refs', 'logs'] as const;

const ENVIRONMENT = {
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_NO_LAZY_FETCH: '1',
  // Nothing is fetched, whatever asks for it.
  GIT_ALLOW_PROTOCOL: 'none',
} as const;

/** Settings of a repository that give names a meaning, such as `@{upstream}`, and start nothing. */
const NAMING = '^(branch\\..*\\.(remote|merge)|remote\\..*\\.fetch|core\\.(filemode|symlinks|ignorecase))$';

/**
 * Opens the repository that a directory is in. git reads its objects and references through a repository of ours, without
 * its configuration: whoever owns it, nothing in it is run, and no setting changes what is read. Faults, all with blame
 * request: `HOST_NO_REPOSITORY`, `HOST_BAD_REPOSITORY`.
 */
export async function openRepository(directory: string, signal?: AbortSignal): Promise<Repository> {
  const places = await findPlaces(directory, signal);
  const config = join(places.common, 'config');
  if (await exists(config)) await readSmall(config, signal);
  const readConfig = async (...args: string[]) =>
    (await exists(config))
      ? (await runGit(['config', '--file', config, '--no-includes', ...args], { accept: 'any', signal }))
          .stdout
      : '';
  const named = (await readConfig('--get', 'extensions.objectformat')).trim() || 'sha1';
  const format = named.replace(/\W/g, '');
  const isPartial =
    (await readConfig('--get-regexp', '^(extensions\\.partialclone|remote\\..*\\.promisor)$')) !== '';
  const naming = (await readConfig('--null', '--get-regexp', NAMING))
    .split('\0')
    .filter((entry) => entry !== '');
  const scratch = await makeScratch('repository');
  const git = join(scratch.path, 'git');
  await mkdir(git);
  const version = format === 'sha1' ? 0 : 1;
  const extensions = format === 'sha1' ? '' : `[extensions]\n\tobjectFormat = ${format}\n`;
  await writeFile(
    join(git, 'config'),
    `[core]\n\trepositoryFormatVersion = ${version}\n\tbare = true\n${extensions}`,
  );
  for (const name of LINKED) {
    const target = join(places.common, name);
    const kind = await lookAtInput(target, 'file of a git repository').catch(() => null);
    if (kind === (name === 'packed-refs' ? 'file' : 'directory')) await symlink(target, join(git, name));
    else if (name === 'refs') await mkdir(join(git, name));
  }
  await writeFile(join(git, 'HEAD'), await readSmall(join(places.own, 'HEAD'), signal));
  const cut = join(places.common, 'shallow');
  const shallow = (await exists(cut)) ? await readSmall(cut, signal) : null;
  if (shallow !== null) await writeFile(join(git, 'shallow'), shallow);
  const names = Object.fromEntries(
    naming.flatMap((entry, index) => {
      const end = entry.indexOf('\n');
      return [
        [`GIT_CONFIG_KEY_${index}`, entry.slice(0, end)],
        [`GIT_CONFIG_VALUE_${index}`, entry.slice(end + 1)],
      ];
    }),
  );
  const askIn: Repository['askIn'] = ({ cwd = scratch.path, env = {} }, ...args) =>
    runGit(['--git-dir', git, ...args], {
      cwd,
      accept: 'any',
      signal,
      env: { ...ENVIRONMENT, ...names, GIT_CONFIG_COUNT: String(naming.length), ...env },
    });
  return {
    top: places.top,
    place: await realpath(places.common),
    own: places.own,
    objectFormat: format,
    isShallow: shallow !== null,
    shallow,
    isPartial,
    askIn,
    ask: (...args) => askIn({}, ...args),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

/** Finds the repository of a directory as git does, but asks nothing of it. */
async function findPlaces(directory: string, signal: AbortSignal | undefined): Promise<Places> {
  const kind = await lookAtInput(directory, 'repository').catch((cause: unknown) => {
    throw noRepository(isFault(cause) ? cause.message : String(cause), directory);
  });
  if (kind !== 'directory')
    throw noRepository(`got a file ${directory}, expected the directory of a git repository`, directory);
  for (let at = resolve(directory); ; at = dirname(at)) {
    const inside = join(at, '.git');
    const there = await stat(inside).catch(() => null);
    const own = there?.isFile()
      ? await followFile(inside, at, signal)
      : there?.isDirectory() && (await isRepository(inside))
        ? inside
        : (await isRepository(at))
          ? at
          : null;
    if (own !== null)
      return { top: own === at ? null : at, ...(await completePlaces(own, directory, signal)) };
    if (dirname(at) === at) throw noRepository(`${directory} is not in a git repository`, directory);
  }
}

async function isRepository(path: string): Promise<boolean> {
  if (!(await exists(join(path, 'HEAD')))) return false;
  return (await exists(join(path, 'objects'))) || exists(join(path, 'commondir'));
}

/** The directory that the `.git` file of a worktree or submodule names. */
async function followFile(file: string, directory: string, signal: AbortSignal | undefined): Promise<string> {
  const [, target] = /^gitdir: (.+)$/m.exec(await readSmall(file, signal)) ?? [];
  const path = target === undefined ? null : resolve(directory, target.trim());
  if (path !== null && (await isRepository(path))) return path;
  throw noRepository(`${file} names no git repository${path === null ? '' : `: ${path}`}`, directory);
}

async function completePlaces(
  own: string,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<Omit<Places, 'top'>> {
  const link = join(own, 'commondir');
  const common = (await exists(link)) ? resolve(own, (await readSmall(link, signal)).trim()) : own;
  if (!(await exists(join(common, 'objects'))))
    throw noRepository(`the repository of ${directory} has no objects: ${common}`, directory);
  if (await exists(join(common, 'reftable')))
    throw new Fault({
      blame: 'request',
      code: 'HOST_BAD_REPOSITORY',
      message: `the repository ${common} keeps its references in a reftable, which ktrial does not read`,
      next: 'hand in the patches: git format-patch --stdout A..B | ktrial run -',
    });
  return { own, common };
}

async function readSmall(path: string, signal: AbortSignal | undefined): Promise<string> {
  const limitBytes = 16 * 1024 * 1024;
  const options = { what: 'file of a git repository', limitBytes, raise: 'look at it: it is far too large' };
  return (await readInput(path, { ...options, signal })).toString();
}

function noRepository(message: string, directory: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'HOST_NO_REPOSITORY',
    message,
    next:
      directory === '.'
        ? 'name the repository: --repository DIRECTORY'
        : 'name a directory of a git repository: --repository DIRECTORY',
  });
}
