// SPDX-License-Identifier: MIT
import { type CommandOptions, type CommandResult, runCommand } from './command.ts';

/** No configuration of the user's, and a fixed committer and date: equal input gives equal commits. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
  // No transport helpers: `ext::` runs a command.
  GIT_ALLOW_PROTOCOL: 'file:git:https:http:ssh',
  GIT_COMMITTER_NAME: 'ktrial',
  GIT_COMMITTER_EMAIL: 'ktrial@localhost',
  GIT_COMMITTER_DATE: '1970-01-01T00:00:00Z',
};

/** Overrides what a repository's own configuration could change or start. */
const SETTINGS = [
  'advice.amWorkDir=false',
  'am.keepcr=false',
  'apply.ignoreWhitespace=no',
  'apply.whitespace=nowarn',
  'commit.gpgSign=false',
  'core.autocrlf=false',
  'core.fsmonitor=false',
  'core.fsync=none',
  'core.hooksPath=/dev/null',
  'core.quotePath=false',
  'gc.auto=0',
  'i18n.commitEncoding=UTF-8',
  'mailinfo.scissors=false',
  'maintenance.auto=false',
  'merge.conflictStyle=merge',
  'rerere.enabled=false',
].flatMap((setting) => ['-c', setting]);

export interface GitOptions {
  readonly cwd?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly input?: string | Uint8Array | undefined;
  readonly accept?: CommandOptions['accept'] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Called with how far git is, such as `receiving objects, 45 %`, once a second; for commands with `--progress`. */
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** Runs git free of the user's configuration, hooks and signing. Faults as `runCommand`. */
export function runGit(args: readonly string[], options: GitOptions = {}): Promise<CommandResult> {
  const { cwd, signal, input, accept, onProgress } = options;
  return runCommand('git', [...SETTINGS, ...args], {
    env: { ...ENVIRONMENT, ...(onProgress ? { GIT_PROGRESS_DELAY: '0' } : {}), ...options.env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { signal }),
    ...(input === undefined ? {} : { input }),
    ...(accept === undefined ? {} : { accept }),
    ...(onProgress ? { onLine: progressReader(onProgress) } : {}),
  });
}

/** Passes on how far git is: the first word of each kind of work, then one a second. */
function progressReader(onProgress: (text: string) => void): (line: string) => void {
  let saidAt = 0;
  let said = '';
  return (line) => {
    const [, work, percent] = /^(?:remote: )?([A-Z][a-z]+ [a-z]+): +(\d+)%/.exec(line) ?? [];
    if (work === undefined || (work === said && performance.now() - saidAt < 1000)) return;
    saidAt = performance.now();
    said = work;
    onProgress(`${work.toLowerCase()}, ${percent} %`);
  };
}
