// SPDX-License-Identifier: MIT
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, isFault } from '../model/index.ts';
import { type CommandResult, runCommand } from './command.ts';
import { digestOf, exists } from './files.ts';
import { archiveOf, findDebianMirror } from './mirror.ts';

export interface DebianSource {
  /** Such as `bullseye`. */
  readonly suite: string;
  /** `http://…/debian`, also of a security suite; found in this machine's own apt configuration when absent. */
  readonly mirror?: string | undefined;
  /** Where ktrial keeps its private apt state and the packages. */
  readonly cacheDirectory: string;
  /** Who may sign the package list; Debian's archive keys when absent. */
  readonly keyring?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** ktrial's own apt: its configuration file, and the directory of lists and packages. */
export interface AptState {
  readonly config: string;
  readonly directory: string;
  readonly source: DebianSource;
}

/** Opens ktrial's own apt state for one suite: no file of the machine's apt is read for packages, none is written. */
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
    'Acquire::Check-Valid-Until': 'false',
  };
  await writeFile(
    config,
    Object.entries(settings)
      .map(([key, value]) => `${key} "${value}";\n`)
      .join(''),
  );
  const state = { config, directory, source };
  if (!(await exists(stampOf(state)))) await updateLists(state);
  return state;
}

function stampOf(state: AptState): string {
  return join(state.directory, 'updated');
}

/** Reads the suite's package list anew. Fault `HOST_MIRROR_FAILED` when the mirror gives none that is signed. */
export async function updateLists(state: AptState): Promise<void> {
  state.source.onProgress?.(`reading the package list of Debian ${state.source.suite}`);
  await rm(stampOf(state), { force: true });
  try {
    await runApt(state, ['update', '-o', 'APT::Update::Error-Mode=any']);
  } catch (cause) {
    if (!isFault(cause, 'HOST_COMMAND_FAILED')) throw cause;
    throw new Fault({
      blame: 'lab',
      code: 'HOST_MIRROR_FAILED',
      message: `the mirror does not give a verified package list of Debian ${state.source.suite}`,
      next: 'look at the network, or name another: --mirror http://HOST/debian',
      details: cause.details,
      cause,
    });
  }
  await writeFile(stampOf(state), '');
}

/** Runs apt-get (or another program of apt's) on ktrial's own state. */
export function runApt(
  state: AptState,
  words: readonly string[],
  options: { readonly program?: string; readonly cwd?: string; readonly accept?: 'any' } = {},
): Promise<CommandResult> {
  const { program = 'apt-get', ...settings } = options;
  return runCommand(program, words, {
    env: { APT_CONFIG: state.config },
    timeoutMs: 20 * 60_000,
    ...(state.source.signal ? { signal: state.source.signal } : {}),
    ...settings,
  });
}
