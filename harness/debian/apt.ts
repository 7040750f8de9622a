// SPDX-License-Identifier: MIT
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, digestOf, exists, type Lock, runCommand, takeLock } from '../host/index.ts';
import { Fault, isFault } from '../model/index.ts';
import { archiveOf, findDebianMirror } from './mirror.ts';

export interface DebianSource {
  /** Such as `bullseye`. */
  readonly suite: string;
  /** `http://HOST/debian`, for a security suite too. Taken from this computer's apt configuration when absent. */
  readonly mirror?: string | undefined;
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

/** Opens the private apt state of one suite. Reads no package state of this computer's apt and writes none. */
export async function openAptState(source: DebianSource): Promise<AptState> {
  const mirror = archiveOf(source.suite, source.mirror ?? (await findDebianMirror()));
  const directory = join(source.cacheDirectory, 'apt', `${source.suite}-${digestOf(mirror).slice(0, 8)}`);
  for (const part of ['state/lists/partial', 'cache/archives/partial', 'packages'])
    await mkdir(join(directory, part), { recursive: true });
  await writeFile(
    join(directory, 'sources.list'),
    `deb [signed-by=${source.keyring ?? KEYRING}] ${mirror} ${source.suite} main\n`,
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
    // Archives of old states serve lists whose Valid-Until has passed. The signature is still checked, but an old list
    // that a mirror replays is accepted: docs/kernels.md says so.
    'Acquire::Check-Valid-Until': 'false',
  };
  await writeFile(
    config,
    Object.entries(settings)
      .map(([key, value]) => `${key} "${value}";\n`)
      .join(''),
  );
  const state = { config, directory, source };
  if (!(await exists(stampOf(directory)))) await updateLists(state);
  return state;
}

/** The file that says when the lists of a state were read last. */
export function stampOf(directory: string): string {
  return join(directory, 'updated');
}

/** Reads the suite's package list again. Fault `DEBIAN_MIRROR_FAILED` when the mirror serves none that is signed. */
export async function updateLists(state: AptState): Promise<void> {
  state.source.onProgress?.(`reading the package list of Debian ${state.source.suite}`);
  await rm(stampOf(state.directory), { force: true });
  try {
    await runApt(state, ['update', '-o', 'APT::Update::Error-Mode=any']);
  } catch (cause) {
    if (!isFault(cause, 'HOST_COMMAND_FAILED')) throw cause;
    throw new Fault({
      blame: 'lab',
      code: 'DEBIAN_MIRROR_FAILED',
      message: `the mirror serves no verified package list of Debian ${state.source.suite}`,
      next: 'check the network, or name another mirror: --mirror http://HOST/debian',
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
