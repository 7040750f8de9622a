// SPDX-License-Identifier: MIT
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, runGit, writeFileAtomic } from '../host/index.ts';

/** The author of commits that ktrial itself makes: fixed, so that the same input gives the same commit. */
const AUTHOR: Readonly<Record<string, string>> = {
  GIT_AUTHOR_NAME: 'ktrial',
  GIT_AUTHOR_EMAIL: 'ktrial@localhost',
  GIT_AUTHOR_DATE: '1970-01-01T00:00:00Z',
};

/** Makes a bare repository of the cache where there is none. */
export async function initRepository(
  repository: string,
  signal?: AbortSignal,
  objectFormat = 'sha1',
): Promise<void> {
  if (await exists(repository)) return;
  const format = `--object-format=${objectFormat}`;
  await runGit(['init', '-q', '--bare', format, '--end-of-options', repository], { signal });
}

/** The index of a repository of the cache that directories are committed with. */
export function indexOf(repository: string): string {
  return join(repository, 'ktrial-index');
}

/** What a repository of the cache held when a source was complete in it. */
interface Seal {
  readonly commit: string;
  /** Sizes of the files in `objects/pack`, in bytes. */
  readonly packs: Readonly<Record<string, number>>;
}

/** The state of a repository of the cache. */
export type RepositoryState =
  | { readonly kind: 'whole'; readonly commit: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'damaged'; readonly reason: string };

function sealOf(repository: string): string {
  return join(repository, 'ktrial-seal.json');
}

/** Writes down that a commit is complete in a repository. */
export async function sealRepository(repository: string, commit: string): Promise<void> {
  const packs: Record<string, number> = {};
  const directory = join(repository, 'objects/pack');
  for (const name of await readdir(directory))
    if (/^pack-\w+\.(?:pack|idx)$/.test(name)) packs[name] = (await stat(join(directory, name))).size;
  await rm(sealOf(repository), { recursive: true, force: true });
  await writeFileAtomic(sealOf(repository), `${JSON.stringify({ commit, packs } satisfies Seal)}\n`);
}

/** Looks whether a repository is one, and has what was sealed in it: each pack with its size, and the commit. */
export async function inspectRepository(repository: string, signal?: AbortSignal): Promise<RepositoryState> {
  if (!(await exists(repository))) return { kind: 'absent' };
  const inRepository = (...args: string[]) =>
    runGit(['--git-dir', repository, ...args], { signal, accept: 'any' });
  const there = await inRepository('rev-parse', '--is-bare-repository');
  if (there.exitCode !== 0 || there.stdout.trim() !== 'true') return damaged(there.stderr);
  const text = await readFile(sealOf(repository), 'utf8').catch(() => null);
  if (text === null) return { kind: 'incomplete' };
  const seal = parseSeal(text);
  if (seal === null) return damaged('its seal cannot be read');
  for (const [name, size] of Object.entries(seal.packs)) {
    const got = await stat(join(repository, 'objects/pack', name)).catch(() => null);
    if (got?.size !== size) return damaged(`${name}: got ${got?.size ?? 'no'} bytes, expected ${size}`);
  }
  // What was borrowed may have been pruned since, which is the lender's right.
  if (await exists(join(repository, 'objects/info/alternates')))
    return { kind: 'whole', commit: seal.commit };
  const commit = await inRepository('cat-file', '-e', `${seal.commit}^{tree}`);
  if (commit.exitCode !== 0) return damaged(commit.stderr);
  return { kind: 'whole', commit: seal.commit };
}

function damaged(words: string): RepositoryState {
  return { kind: 'damaged', reason: words.trim().split('\n')[0] || 'it is no repository' };
}

function parseSeal(text: string): Seal | null {
  try {
    const { commit, packs } = JSON.parse(text) as Seal;
    const isSeal =
      /^[0-9a-f]{40,64}$/.test(commit) &&
      Object.entries(packs).every(([name, size]) => /^[\w.-]+$/.test(name) && Number.isInteger(size));
    return isSeal ? { commit, packs } : null;
  } catch {
    return null;
  }
}

/** Removes what an interrupted git left in a worktree. Only for a worktree that nobody else uses. */
export async function freeWorktree(tree: string): Promise<void> {
  const paths = ['--git-path', 'index.lock', '--git-path', 'rebase-apply'];
  const { stdout } = await runGit(['rev-parse', '--path-format=absolute', ...paths], { cwd: tree });
  for (const path of stdout.trim().split('\n')) await rm(path, { recursive: true, force: true });
}

/** Files are written by one process for each CPU where there are many. */
const ALL_CPUS = ['-c', 'checkout.workers=0'] as const;

interface CheckOutOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** Checks a commit out into a worktree that nobody else uses, whatever an interrupted git left there. */
export async function checkOut(
  tree: string,
  commit: string,
  { signal, onProgress }: CheckOutOptions,
): Promise<void> {
  await freeWorktree(tree);
  await runGit([...ALL_CPUS, 'checkout', '--progress', '--detach', '-f', commit, '--'], {
    signal,
    cwd: tree,
    onProgress: (text) => onProgress?.(`checking out the source: ${text}`),
  });
  await runGit(['clean', '-q', '-fdx'], { signal, cwd: tree });
}

/**
 * Commits all files of a directory to a repository elsewhere, and writes nothing to the directory. With `ignored`, files
 * that its ignore rules name are included, as for an unpacked tarball.
 */
export async function commitDirectory(
  repository: string,
  directory: string,
  message: string,
  options: { readonly signal?: AbortSignal | undefined; readonly ignored?: boolean },
): Promise<string> {
  const { signal } = options;
  const index = indexOf(repository);
  await rm(`${index}.lock`, { recursive: true, force: true });
  const at = ['--git-dir', repository, '--work-tree', directory];
  const env = { GIT_INDEX_FILE: index };
  // Files above the threshold are streamed into one pack: much faster than a loose object for each of 70,000 files.
  const fast = ['-c', 'core.bigFileThreshold=1', '-c', 'core.compression=1'];
  const all = ['add', '-A', ...(options.ignored ? ['-f'] : []), '--', '.'];
  await runGit([...fast, ...at, ...all], { signal, cwd: directory, env });
  const tree = (await runGit([...at, 'write-tree'], { signal, env })).stdout.trim();
  const commit = (
    await runGit(['--git-dir', repository, 'commit-tree', tree, '-m', message], { signal, env: AUTHOR })
  ).stdout.trim();
  await runGit(['--git-dir', repository, 'update-ref', `refs/ktrial/${commit}`, commit], { signal });
  return commit;
}
