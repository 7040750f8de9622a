// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, isFault } from '../model/index.ts';
import { runCommand } from './command.ts';
import { digestFile, digestOf, exists } from './files.ts';
import { takeLock } from './lock.ts';

export interface DebianSource {
  /** Such as `bullseye`. */
  readonly suite: string;
  /** `http://…/debian`; found in this machine's own apt configuration when absent. */
  readonly mirror?: string | undefined;
  /** Where ktrial keeps its private apt state and the packages. */
  readonly cacheDirectory: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/** A package file on this computer, verified through Debian's archive keyring. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly sha256: string;
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The Debian mirror that this machine's apt uses, from `apt-get indextargets`. Fault `HOST_NO_MIRROR` when it has none. */
export async function findDebianMirror(): Promise<string> {
  const { stdout } = await runCommand(
    'apt-get',
    ['indextargets', '--format', '$(ORIGIN)\t$(REPO_URI)\t$(CREATED_BY)\t$(SITE)', 'Created-By: Packages'],
    { accept: 'any' },
  );
  const rows = stdout.split('\n').map((row) => row.split('\t'));
  const ofDebian = rows.filter(
    ([origin, uri]) =>
      uri?.startsWith('http') && (origin === 'Debian' || /\/debian\/?$/.test(uri)) && !/security/.test(uri),
  );
  const uri = ofDebian[0]?.[1] ?? (await readSourceLists());
  if (uri) return uri.replace(/\/$/, '');
  throw new Fault({
    blame: 'lab',
    code: 'HOST_NO_MIRROR',
    message: 'apt on this machine uses no Debian mirror, and a Debian package is needed',
    next: 'name one: --mirror http://HOST/debian',
  });
}

async function readSourceLists(): Promise<string | undefined> {
  const files = ['/etc/apt/sources.list'];
  for (const name of await readdir('/etc/apt/sources.list.d').catch(() => []))
    files.push(`/etc/apt/sources.list.d/${name}`);
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const match = /^[^#\n]*?(https?:\/\/[^\s]*\/debian)\/?(?=\s|$)/m.exec(text);
    if (match?.[1]) return match[1];
  }
  return undefined;
}

/** ktrial's own apt state for one suite: no file of the machine's apt is read for packages, none is written. */
async function openAptState(
  source: DebianSource,
): Promise<{ readonly config: string; readonly directory: string }> {
  const mirror = source.mirror ?? (await findDebianMirror());
  const directory = join(source.cacheDirectory, 'apt', `${source.suite}-${digestOf(mirror).slice(0, 8)}`);
  for (const part of ['state/lists/partial', 'cache/archives/partial', 'packages'])
    await mkdir(join(directory, part), { recursive: true });
  await writeFile(
    join(directory, 'sources.list'),
    `deb [signed-by=${KEYRING}] ${mirror} ${source.suite} main\n`,
  );
  await writeFile(join(directory, 'status'), '');
  const config = join(directory, 'apt.conf');
  const settings = {
    'Dir::State': `${directory}/state`,
    'Dir::State::status': `${directory}/status`,
    'Dir::Cache': `${directory}/cache`,
    'Dir::Etc::sourcelist': `${directory}/sources.list`,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64',
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Acquire::Check-Valid-Until': 'false',
  };
  await writeFile(
    config,
    Object.entries(settings)
      .map(([key, value]) => `${key} "${value}";\n`)
      .join(''),
  );
  const stamp = join(directory, 'updated');
  if (!(await exists(stamp))) {
    source.onProgress?.(`reading the package list of Debian ${source.suite}`);
    try {
      await runCommand(
        'apt-get',
        ['update', '-o', 'APT::Update::Error-Mode=any'],
        aptOptions(config, source),
      );
    } catch (cause) {
      if (!isFault(cause, 'HOST_COMMAND_FAILED')) throw cause;
      throw new Fault({
        blame: 'lab',
        code: 'HOST_MIRROR_FAILED',
        message: `the mirror does not give a verified package list of Debian ${source.suite}`,
        next: 'look at the network, or name another: --mirror http://HOST/debian',
        details: cause.details,
        cause,
      });
    }
    await writeFile(stamp, '');
  }
  return { config, directory };
}

function aptOptions(config: string, source: DebianSource) {
  return {
    env: { APT_CONFIG: config },
    timeoutMs: 20 * 60_000,
    ...(source.signal ? { signal: source.signal } : {}),
  };
}

interface WantedPackage {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
}

/** Brings packages into the cache, all missing ones in one go, and checks each against what Debian signed. */
async function keepPackages(
  directory: string,
  config: string,
  source: DebianSource,
  wanted: readonly WantedPackage[],
): Promise<DebianPackage[]> {
  const pathOf = (one: WantedPackage) => join(directory, 'packages', one.file);
  const missing: WantedPackage[] = [];
  for (const one of wanted) if (!(await exists(pathOf(one)))) missing.push(one);
  if (missing.length > 0) {
    source.onProgress?.(
      missing.length === 1
        ? `fetching ${missing[0]?.name} ${missing[0]?.version}`
        : `fetching ${missing.length} packages`,
    );
    await runCommand('apt-get', ['download', '-q', ...missing.map((one) => `${one.name}=${one.version}`)], {
      ...aptOptions(config, source),
      cwd: join(directory, 'cache'),
    });
    for (const one of missing) await rename(join(directory, 'cache', one.file), pathOf(one));
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

/** What apt would download, with its SHA-256. */
async function askPackages(
  config: string,
  source: DebianSource,
  words: readonly string[],
): Promise<{ readonly wanted: WantedPackage[]; readonly words: string }> {
  const { stdout, stderr, exitCode } = await runCommand('apt-get', ['download', '--print-uris', ...words], {
    ...aptOptions(config, source),
    accept: 'any',
  });
  return { wanted: exitCode === 0 ? parseUris(stdout) : [], words: stderr.trim() };
}

function parseUris(stdout: string): WantedPackage[] {
  return [...stdout.matchAll(/^'[^']*' (\S+) \d+ (?:SHA256:([0-9a-f]{64})|\w+:[0-9a-f]+)/gm)].map(
    ([, file = '', sha256 = '']) => {
      const [name = '', version = ''] = file.split('_');
      return { file, sha256, name, version: decodeURIComponent(version) };
    },
  );
}

/** Fetches one package of a suite (the newest version, or the one named) and verifies it. */
export async function fetchDebianPackage(
  name: string,
  version: string | undefined,
  source: DebianSource,
): Promise<DebianPackage> {
  await using _lock = await takeLock(join(source.cacheDirectory, 'apt', 'lock'));
  const { config, directory } = await openAptState(source);
  const word = version === undefined ? name : `${name}=${version}`;
  const asked = await askPackages(config, source, [word]);
  const [kept] = await keepPackages(directory, config, source, asked.wanted.slice(0, 1));
  if (kept) return kept;
  throw new Fault({
    blame: 'request',
    code: 'HOST_NO_PACKAGE',
    message: `Debian ${source.suite} has no package ${word}`,
    details: [asked.words],
  });
}

/** Fetches packages with all that they depend on, as an installation on an empty system would need; sorted by name. */
export async function fetchDebianClosure(
  names: readonly string[],
  source: DebianSource,
): Promise<readonly DebianPackage[]> {
  await using _lock = await takeLock(join(source.cacheDirectory, 'apt', 'lock'));
  const { config, directory } = await openAptState(source);
  const { stdout } = await runCommand(
    'apt-get',
    ['install', '--print-uris', '-y', '-qq', ...names],
    aptOptions(config, source),
  );
  const { wanted } = await askPackages(
    config,
    source,
    parseUris(stdout).map((one) => `${one.name}=${one.version}`),
  );
  if (wanted.length === 0)
    throw new Fault({
      blame: 'lab',
      code: 'HOST_NO_PACKAGE',
      message: `apt names no packages for ${names.join(', ')} in Debian ${source.suite}`,
    });
  return (await keepPackages(directory, config, source, wanted)).sort((a, b) => (a.name < b.name ? -1 : 1));
}
