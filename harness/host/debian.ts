// SPDX-License-Identifier: MIT
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, isFault } from '../model/index.ts';
import { type AptState, type DebianSource, openAptState, runApt, updateLists } from './apt.ts';
import { digestFile, exists } from './files.ts';
import { takeLock } from './lock.ts';

/** A package file on this computer, verified through Debian's archive keyring. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly sha256: string;
}

interface WantedPackage {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
}

/** Brings packages into the cache, all missing ones in one go, and checks each against what Debian signed. */
async function keepPackages(state: AptState, wanted: readonly WantedPackage[]): Promise<DebianPackage[]> {
  const { directory, source } = state;
  const pathOf = (one: WantedPackage) => join(directory, 'packages', one.file);
  const missing: WantedPackage[] = [];
  for (const one of wanted) if (!(await exists(pathOf(one)))) missing.push(one);
  if (missing.length > 0) {
    source.onProgress?.(
      missing.length === 1
        ? `fetching ${missing[0]?.name} ${missing[0]?.version}`
        : `fetching ${missing.length} packages`,
    );
    const cwd = join(directory, 'cache');
    await runApt(state, ['download', '-q', ...missing.map((one) => `${one.name}=${one.version}`)], { cwd });
    for (const one of missing) await rename(join(cwd, one.file), pathOf(one));
  }
  const kept: DebianPackage[] = [];
  for (const one of wanted) {
    const path = pathOf(one);
    if ((await digestFile(path)) !== one.sha256) {
      throw new Fault({
        blame: 'lab',
        code: 'HOST_PACKAGE_DAMAGED',
        message: `${path} is not what Debian signed`,
        next: `rm ${path}`,
      });
    }
    kept.push({ name: one.name, version: one.version, path, sha256: one.sha256 });
  }
  return kept;
}

/** What apt would download, with its SHA-256; nothing when one of the words is not in the list. */
async function askPackages(state: AptState, words: readonly string[]): Promise<WantedPackage[]> {
  const { stdout, exitCode } = await runApt(state, ['download', '--print-uris', ...words], { accept: 'any' });
  return exitCode === 0 ? parseUris(stdout) : [];
}

function parseUris(stdout: string): WantedPackage[] {
  return [...stdout.matchAll(/^'[^']*' (\S+) \d+ (?:SHA256:([0-9a-f]{64})|\w+:[0-9a-f]+)/gm)].map(
    ([, file = '', sha256 = '']) => {
      const [name = '', version = ''] = file.split('_');
      return { file, sha256, name, version: decodeURIComponent(version) };
    },
  );
}

/** Mirrors drop old versions: a list of long ago may name what is there no more. It is then read anew, once. */
async function withFreshLists(
  state: AptState,
  work: () => Promise<readonly DebianPackage[]>,
): Promise<readonly DebianPackage[]> {
  const first = await work().catch((cause: unknown) => {
    if (isFault(cause, 'HOST_COMMAND_FAILED')) return [];
    throw cause;
  });
  if (first.length > 0) return first;
  await updateLists(state);
  return work();
}

/**
 * Fetches one package of a suite (the newest version, or the one named) and verifies it. Fault `HOST_NO_PACKAGE` says
 * which versions the suite has instead.
 */
export async function fetchDebianPackage(
  name: string,
  version: string | undefined,
  source: DebianSource,
): Promise<DebianPackage> {
  await using _lock = await takeLock(join(source.cacheDirectory, 'apt', 'lock'));
  const state = await openAptState(source);
  const word = version === undefined ? name : `${name}=${version}`;
  const [kept] = await withFreshLists(state, async () =>
    keepPackages(state, (await askPackages(state, [word])).slice(0, 1)),
  );
  if (kept) return kept;
  const { stdout } = await runApt(state, ['madison', name], { program: 'apt-cache', accept: 'any' });
  const others = [...new Set(stdout.split('\n').flatMap((row) => row.split('|')[1]?.trim() || []))];
  throw new Fault({
    blame: 'request',
    code: 'HOST_NO_PACKAGE',
    message:
      others.length === 0
        ? `Debian ${source.suite} has no package ${name}`
        : `Debian ${source.suite} has no ${name} ${version}; it has ${others.join(', ')}`,
    next:
      others.length === 0
        ? 'look at the names of package and suite'
        : 'name one of these versions, or have --mirror point to an archive of old states that still has the other: mirrors keep only the last few',
  });
}

/** Fetches packages with all that they depend on, as an installation on an empty system would need; sorted by name. */
export async function fetchDebianClosure(
  names: readonly string[],
  source: DebianSource,
): Promise<readonly DebianPackage[]> {
  await using _lock = await takeLock(join(source.cacheDirectory, 'apt', 'lock'));
  const state = await openAptState(source);
  const kept = await withFreshLists(state, async () => {
    const { stdout } = await runApt(state, ['install', '--print-uris', '-y', '-qq', ...names]);
    const words = parseUris(stdout).map((one) => `${one.name}=${one.version}`);
    return words.length === 0 ? [] : keepPackages(state, await askPackages(state, words));
  });
  if (kept.length === 0)
    throw new Fault({
      blame: 'lab',
      code: 'HOST_NO_PACKAGE',
      message: `apt names no packages for ${names.join(', ')} in Debian ${source.suite}`,
    });
  return [...kept].sort((a, b) => (a.name < b.name ? -1 : 1));
}
