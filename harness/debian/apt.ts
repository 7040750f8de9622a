// SPDX-License-Identifier: MIT
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, digestOf, type Lock, runCommand, takeLock } from '../host/index.ts';
import { Fault, isFault } from '../model/index.ts';
import { formatAptConf, formatSourceLine } from './configuration.ts';
import { archiveOf, findDebianMirror } from './mirror.ts';
import { requireDebianName, requireMirror } from './name.ts';

export interface DebianSource {
  /** Such as `bullseye`. */
  readonly suite: string;
  /** `http://HOST/debian`, for a security suite too. Taken from this computer's apt configuration when absent. */
  readonly mirror?: string | undefined;
  /** Debian's name of the architecture that packages are for; amd64 when absent: sources are the same on each. */
  readonly architecture?: 'amd64' | 'arm64';
  /** Contains ktrial's private apt state and the packages. */
  readonly cacheDirectory: string;
  /** Who may sign the package list. Debian's archive keys when absent. */
  readonly keyring?: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** ktrial's private apt: its configuration file, and the directory of lists and packages. */
export interface AptState {
  readonly config: string;
  readonly directory: string;
  readonly source: DebianSource;
}

/** Locks ktrial's private apt. Everything below needs the lock. */
export function lockApt(source: DebianSource): Promise<Lock> {
  return takeLock(join(source.cacheDirectory, 'apt', 'lock'), {
    onWait: () => source.onProgress?.('waiting for another ktrial that fetches packages'),
    ...(source.signal ? { signal: source.signal } : {}),
  });
}

/**
 * Opens the private apt state of one suite and architecture. Reads no package state of this computer's apt and writes none. Faults
 * `DEBIAN_BAD_NAME`, `DEBIAN_UNQUOTABLE`, `DEBIAN_MIRROR_FAILED`.
 */
export async function openAptState(source: DebianSource): Promise<AptState> {
  const suite = requireDebianName('suite', source.suite);
  const mirror = archiveOf(suite, requireMirror(source.mirror ?? (await findDebianMirror())));
  const { architecture = 'amd64' } = source;
  const directory = join(source.cacheDirectory, 'apt', digestOf(suite, mirror, architecture).slice(0, 32));
  for (const part of ['state/lists/partial', 'cache/archives/partial', 'packages'])
    await makeDirectory(join(directory, part), directory, source);
  await writeFile(
    join(directory, 'sources.list'),
    formatSourceLine(source.keyring ?? KEYRING, mirror, suite),
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
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // Archives of old states serve lists whose Valid-Until has passed. The signature is still checked, but an old list
    // that a mirror replays is accepted: docs/kernels.md says so.
    'Acquire::Check-Valid-Until': 'false',
  };
  await writeFile(config, formatAptConf(settings));
  const state = { config, directory, source };
  if ((await readFile(stampOf(directory), 'utf8').catch(() => '')) === '') await updateLists(state);
  return state;
}

/** The file that says when the lists of a state were read last. */
export function stampOf(directory: string): string {
  return join(directory, 'updated');
}

/** Makes a directory of the state; where something else has its name, the whole state is discarded first. */
async function makeDirectory(path: string, state: string, source: DebianSource): Promise<void> {
  await mkdir(path, { recursive: true }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' && error.code !== 'ENOTDIR') throw error;
    source.onProgress?.(`${state} is damaged: the state of apt is made again`);
    await rm(state, { recursive: true, force: true });
    await mkdir(path, { recursive: true });
  });
}

/**
 * Reads the suite's package list again, from the mirror: apt keeps a list that it has, even a damaged one. Fault
 * `DEBIAN_MIRROR_FAILED` when the mirror serves none that is signed.
 */
export async function updateLists(state: AptState): Promise<void> {
  state.source.onProgress?.(`reading the package list of Debian ${state.source.suite}`);
  await rm(stampOf(state.directory), { recursive: true, force: true });
  for (const part of ['state/lists', 'cache/pkgcache.bin', 'cache/srcpkgcache.bin'])
    await rm(join(state.directory, part), { recursive: true, force: true });
  await mkdir(join(state.directory, 'state/lists/partial'), { recursive: true });
  try {
    await runApt(state, ['update', '-o', 'APT::Update::Error-Mode=any']);
  } catch (cause) {
    if (!isFault(cause, 'HOST_COMMAND_FAILED')) throw cause;
    throw new Fault({
      blame: 'lab',
      code: 'DEBIAN_MIRROR_FAILED',
      message: `the mirror serves no verified package list of Debian ${state.source.suite}`,
      next: 'check the name of the suite and the network, or name another mirror: --mirror http://HOST/debian',
      details: cause.details,
      cause,
    });
  }
  await writeFile(stampOf(state.directory), `${new Date().toISOString()}\n`);
}

/** Runs apt-get (or another of apt's programs) on the private state. */
export function runApt(
  state: AptState,
  args: readonly string[],
  options: { readonly program?: string; readonly cwd?: string; readonly accept?: 'any' } = {},
): Promise<CommandResult> {
  const { program = 'apt-get', ...settings } = options;
  return runCommand(program, args, {
    env: { APT_CONFIG: state.config },
    timeoutMs: 20 * 60_000,
    ...(state.source.signal ? { signal: state.source.signal } : {}),
    ...settings,
  });
}
