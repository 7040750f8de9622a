// SPDX-License-Identifier: MIT

import { join } from 'node:path';
import { exists, runGit } from '../host/index.ts';
import { noSource } from './borrowed-source.ts';
import { damageFault, findRepositoryDamage } from './damage.ts';
import { isGitAddress, isRefName, isRepository } from './form.ts';
import { initRepository } from './repository.ts';
import type { SourceOptions } from './source-options.ts';

/** Where a fetched ref is kept until its commit has a name. Nothing else of the cache's repository is written. */
const INCOMING = 'refs/ktrial/incoming';

/** What git says where a server, or a transport, cannot send a part of a history. */
const NO_SHALLOW = /does not support (?:shallow|--depth)|shallow (?:capabilities|requests?) not supported/i;

/** What git says where a server sends only what its refs name. */
const NO_COMMITS = /does not allow request for unadvertised object/i;

/** The address that git fetches from, with its scheme in lower case. */
export function addressOf(repository: string): string {
  return repository.replace(/^[A-Za-z]+(?=:\/\/)/, (scheme) => scheme.toLowerCase());
}

interface Remote {
  readonly repository: string;
  readonly ref: string;
}

/**
 * Fetches a ref from a server and returns its commit: without its history where the server can leave it out. Faults
 * `KERNEL_NO_SOURCE`, `KERNEL_CACHE_DAMAGED`.
 */
export async function fetchCommit(
  source: Remote,
  repository: string,
  options: SourceOptions,
): Promise<string> {
  const { signal } = options;
  if (!isRepository(source.repository) || !isGitAddress(source.repository) || !isRefName(source.ref))
    throw noSource(source, 'this is not a repository and the name of a branch, tag or commit', []);
  const isNew = !(await exists(repository));
  await initRepository(repository, signal);
  options.onProgress?.(`fetching ${source.ref} from ${source.repository}`);
  const { exitCode, stderr } = await fetchRef(source, repository, options);
  const commit = exitCode === 0 ? await takeIncoming(repository, signal) : null;
  if (commit !== null) return commit;
  const damage = isNew ? null : findRepositoryDamage(stderr);
  if (damage !== null) throw damageFault(repository, damage);
  throw noSource(source, exitCode === 0 ? 'it is no commit' : null, stderr.trim().split('\n'));
}

/**
 * Fetches one more commit, by its whole name: alone where the server sends any commit, and otherwise with the history of
 * all branches and tags. Returns whether it is there now.
 */
export async function fetchNamedCommit(
  address: string,
  commit: string,
  repository: string,
  options: SourceOptions,
): Promise<boolean> {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return false;
  options.onProgress?.(`fetching ${commit.slice(0, 12)} from ${address}`);
  const { exitCode } = await fetchRef({ repository: address, ref: commit }, repository, options);
  return exitCode === 0 && (await takeIncoming(repository, options.signal)) === commit;
}

/** Fetches a ref as cheaply as the server allows. */
async function fetchRef(source: Remote, repository: string, options: SourceOptions) {
  // A depth would cut off the history that an earlier fetch brought.
  const isCut =
    (await exists(join(repository, 'shallow'))) || !(await hasCommits(repository, options.signal));
  const one = [`+${source.ref}:${INCOMING}`];
  const first = await fetch(source, repository, [...(isCut ? ['--depth=1'] : []), ...AFTER, ...one], options);
  if (first.exitCode === 0) return first;
  if (isCut && NO_SHALLOW.test(first.stderr)) {
    options.onProgress?.(`${source.repository} cannot leave the history out: it is fetched whole`);
    return fetch(source, repository, [...AFTER, ...one], options);
  }
  if (!NO_COMMITS.test(first.stderr)) return first;
  options.onProgress?.(`${source.repository} sends no single commits: all branches and tags are fetched`);
  const all = ['heads', 'tags'].map((kind) => `+refs/${kind}/*:${INCOMING}-all/${kind}/*`);
  const deep = (await exists(join(repository, 'shallow'))) ? ['--unshallow'] : [];
  const fetched = await fetch(source, repository, [...deep, ...AFTER, ...all], options);
  if (fetched.exitCode !== 0) return fetched;
  const git = (...args: string[]) =>
    runGit(['--git-dir', repository, ...args], { signal: options.signal, accept: 'any' });
  const named = await git('update-ref', INCOMING, source.ref);
  const { stdout } = await git('for-each-ref', '--format=delete %(refname)', `${INCOMING}-all`);
  await runGit(['--git-dir', repository, 'update-ref', '--stdin'], { signal: options.signal, input: stdout });
  return named.exitCode === 0 ? named : first;
}

const AFTER = ['--upload-pack=git-upload-pack', '--end-of-options'] as const;

function fetch(
  source: Remote,
  repository: string,
  args: readonly string[],
  { signal, onProgress }: SourceOptions,
) {
  const split = args.indexOf('--end-of-options') + 1;
  const operands = [...args.slice(0, split), addressOf(source.repository), ...args.slice(split)];
  const how = [
    '--no-tags',
    '--no-recurse-submodules',
    '--update-shallow',
    '--no-write-fetch-head',
    '--refmap=',
  ];
  return runGit(['--git-dir', repository, 'fetch', '--progress', ...how, ...operands], {
    signal,
    accept: 'any',
    onProgress: (text) => onProgress?.(`fetching ${source.ref}: ${text}`),
  });
}

async function hasCommits(repository: string, signal: AbortSignal | undefined): Promise<boolean> {
  const list = ['for-each-ref', '--count=1', 'refs/ktrial'];
  return (await runGit(['--git-dir', repository, ...list], { signal, accept: 'any' })).stdout !== '';
}

/** Gives a fetched commit its own ref; null where what was fetched is no commit. */
async function takeIncoming(repository: string, signal: AbortSignal | undefined): Promise<string | null> {
  const git = (...args: string[]) => runGit(['--git-dir', repository, ...args], { signal, accept: 'any' });
  const commit = await git('rev-parse', '--verify', '-q', `${INCOMING}^{commit}`);
  await git('update-ref', '-d', INCOMING);
  if (commit.exitCode !== 0) return null;
  const hash = commit.stdout.trim();
  await git('update-ref', `refs/ktrial/${hash}`, hash);
  return hash;
}
