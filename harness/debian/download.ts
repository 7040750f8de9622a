// SPDX-License-Identifier: MIT
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFile, exists } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { type AptState, runApt } from './apt.ts';
import { requireDebianName } from './name.ts';

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

/** A package that a caller asks for. */
export interface WantedPackage {
  readonly name: string;
  /** The newest of the suite when absent. */
  readonly version?: string | undefined;
}

/** The packages that apt would download; none when one of them is not in the list. Fault `DEBIAN_BAD_NAME`. */
export async function findPackages(
  state: AptState,
  wanted: readonly WantedPackage[],
): Promise<ListedPackage[]> {
  const { stdout, exitCode } = await runApt(
    state,
    ['download', '--print-uris', '--', ...formatWanted(wanted)],
    {
      accept: 'any',
    },
  );
  const found = exitCode === 0 ? parseUris(stdout) : [];
  const bare = found.find((one) => one.sha256 === '');
  if (bare) throw badEntry(`${bare.file} has no SHA-256`);
  // apt takes a name that it does not know for a pattern.
  return wanted.every(({ name }) => found.some((one) => one.name === name)) ? found : [];
}

/** Everything that an installation of these on an empty system needs. Fault `DEBIAN_BAD_NAME`. */
export async function findDependencies(
  state: AptState,
  wanted: readonly WantedPackage[],
): Promise<ListedPackage[]> {
  const args = ['install', '--print-uris', '-y', '-qq', '--', ...formatWanted(wanted)];
  return parseUris((await runApt(state, args)).stdout);
}

function formatWanted(wanted: readonly WantedPackage[]): string[] {
  return wanted.map(({ name, version }) => {
    requireDebianName('package', name);
    return version === undefined ? name : `${name}=${requireDebianName('version', version)}`;
  });
}

/** The name that apt gives a file: no path, whatever an index says. */
const FILE = /^([a-z0-9][a-z0-9+.-]*)_([A-Za-z0-9.+~%-]+)_[a-z0-9-]+\.deb$/;

/** What apt would fetch. `sha256` is empty where apt says another digest. Fault `DEBIAN_BAD_LIST` for a strange name. */
function parseUris(stdout: string): ListedPackage[] {
  return [...stdout.matchAll(/^'[^']*' (\S+) \d+ (\S*)$/gm)].map(([row, file = '', hash = '']) => {
    const [, name, version] = FILE.exec(file) ?? [];
    if (name === undefined || version === undefined) throw badEntry(row);
    const [, sha256 = ''] = /^SHA256:([0-9a-f]{64})$/.exec(hash) ?? [];
    return { file, sha256, name, version: decodeVersion(version) };
  });
}

/** A colon and the like are written `%3a` in the name of a file. */
function decodeVersion(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function badEntry(entry: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'DEBIAN_BAD_LIST',
    message: `the package list has an entry that ktrial does not trust: ${entry}`,
    next: 'name another mirror: --mirror http://HOST/debian',
  });
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
  const pathOf = (one: ListedPackage) => join(directory, 'packages', `${one.sha256}.deb`);
  const isGood = async (one: ListedPackage) =>
    (await digestFile(pathOf(one)).catch(() => null)) === one.sha256;
  const missing: ListedPackage[] = [];
  for (const one of wanted) {
    if (await isGood(one)) continue;
    if (await exists(pathOf(one))) source.onProgress?.(`${pathOf(one)} is damaged: it is downloaded again`);
    await rm(pathOf(one), { recursive: true, force: true });
    missing.push(one);
  }
  if (missing.length > 0) {
    source.onProgress?.(
      missing.length === 1
        ? `fetching ${missing[0]?.name} ${missing[0]?.version}`
        : `fetching ${missing.length} packages`,
    );
    const cwd = join(directory, 'cache');
    for (const one of missing) await rm(join(cwd, one.file), { recursive: true, force: true });
    await runApt(state, ['download', '-q', '--', ...formatWanted(missing)], { cwd });
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
