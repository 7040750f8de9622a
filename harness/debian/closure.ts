// SPDX-License-Identifier: MIT
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, writeFileAtomic } from '../host/index.ts';
import { type AptState, type DebianSource, lockApt, openAptState, stampOf } from './apt.ts';
import { findDependencies, findPackages, type ListedPackage } from './download.ts';
import { withFreshLists } from './fresh.ts';

/** A closure as it was resolved once: valid while the lists are those that it was resolved with. */
interface ResolvedClosure {
  /** Path and content of the file that says when the lists were read. */
  readonly stamp: readonly [string, string];
  readonly packages: readonly ListedPackage[];
}

/**
 * Names the packages that `fetchDebianClosure` would fetch, from the lists that are there: without a network, and in
 * milliseconds when it was asked before.
 */
export async function resolveDebianClosure(
  names: readonly string[],
  source: DebianSource,
): Promise<readonly ListedPackage[]> {
  const known = await readResolved(memoOf(names, source));
  if (known) return known;
  await using _lock = await lockApt(source);
  const state = await openAptState(source);
  return withFreshLists(state, () => listClosure(state, names));
}

/** Resolves names with apt, sorted by name, and remembers the answer. */
export async function listClosure(state: AptState, names: readonly string[]): Promise<ListedPackage[]> {
  const wanted = await findDependencies(
    state,
    names.map((name) => ({ name })),
  );
  if (!names.every((name) => wanted.some((one) => one.name === name))) return [];
  const packages = (await findPackages(state, wanted)).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (packages.length === 0) return [];
  const stamp = stampOf(state.directory);
  const resolved: ResolvedClosure = { stamp: [stamp, await readFile(stamp, 'utf8')], packages };
  const memo = memoOf(names, state.source);
  await rm(memo, { recursive: true, force: true });
  await writeFileAtomic(memo, JSON.stringify(resolved));
  return packages;
}

function memoOf(names: readonly string[], source: DebianSource): string {
  const { suite, mirror = '', keyring = '', architecture = 'amd64' } = source;
  const key = digestOf(suite, mirror, keyring, architecture, ...names);
  return join(source.cacheDirectory, 'apt', 'resolved', `${key.slice(0, 32)}.json`);
}

async function readResolved(path: string): Promise<readonly ListedPackage[] | null> {
  try {
    const { stamp, packages } = JSON.parse(await readFile(path, 'utf8')) as ResolvedClosure;
    const isWhole =
      packages.length > 0 &&
      packages.every(({ name, version, sha256 }) => name && version && /^[0-9a-f]{64}$/.test(sha256));
    return isWhole && (await readFile(stamp[0], 'utf8')) === stamp[1] ? packages : null;
  } catch {
    return null; // Not asked before, not readable, or of other lists: apt answers.
  }
}
