// SPDX-License-Identifier: MIT
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFile, exists } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { type AptState, runApt } from './apt.ts';

/** A package of a suite, as its signed list describes it. */
export interface ListedPackage {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
}

/** A package file on this computer, verified through the archive's keyring. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly sha256: string;
}

/** The packages that apt would download for these names; none when one of them is not in the list. */
export async function findPackages(state: AptState, names: readonly string[]): Promise<ListedPackage[]> {
  const { stdout, exitCode } = await runApt(state, ['download', '--print-uris', ...names], { accept: 'any' });
  return exitCode === 0 ? parseUris(stdout) : [];
}

/** The names, each with its version, of everything that an installation of these on an empty system needs. */
export async function findDependencies(state: AptState, names: readonly string[]): Promise<string[]> {
  const { stdout } = await runApt(state, ['install', '--print-uris', '-y', '-qq', ...names]);
  return parseUris(stdout).map((one) => `${one.name}=${one.version}`);
}

function parseUris(stdout: string): ListedPackage[] {
  return [...stdout.matchAll(/^'[^']*' (\S+) \d+ (?:SHA256:([0-9a-f]{64})|\w+:[0-9a-f]+)/gm)].map(
    ([, file = '', sha256 = '']) => {
      const [name = '', version = ''] = file.split('_');
      return { file, sha256, name, version: decodeURIComponent(version) };
    },
  );
}

/**
 * Downloads those packages that the cache lacks, in one go, and compares each with the digest in the signed list. A
 * cached file that differs is downloaded again. Fault `DEBIAN_PACKAGE_DAMAGED` when what was downloaded differs.
 */
export async function downloadPackages(
  state: AptState,
  wanted: readonly ListedPackage[],
): Promise<DebianPackage[]> {
  const { directory, source } = state;
  const pathOf = (one: ListedPackage) => join(directory, 'packages', one.file);
  const isGood = async (one: ListedPackage) =>
    (await exists(pathOf(one))) && (await digestFile(pathOf(one))) === one.sha256;
  const missing: ListedPackage[] = [];
  for (const one of wanted) {
    if (await isGood(one)) continue;
    if (await exists(pathOf(one))) source.onProgress?.(`${pathOf(one)} is damaged: it is downloaded again`);
    await rm(pathOf(one), { force: true });
    missing.push(one);
  }
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
  for (const one of missing) {
    if (await isGood(one)) continue;
    throw new Fault({
      blame: 'lab',
      code: 'DEBIAN_PACKAGE_DAMAGED',
      message: `${pathOf(one)} has another SHA-256 than the signed package list says`,
      next: 'run it again; if this persists, name another mirror: --mirror http://HOST/debian',
    });
  }
  return wanted.map((one) => ({
    name: one.name,
    version: one.version,
    path: pathOf(one),
    sha256: one.sha256,
  }));
}
