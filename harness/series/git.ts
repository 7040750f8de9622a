// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, runCommand } from '../host/index.ts';

/** No configuration of the user's, and a fixed committer and date: equal input gives equal commits. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
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
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
  readonly input?: string | Uint8Array;
  readonly accept?: 'any' | readonly number[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs git free of the user's configuration, hooks and signing. Faults as `runCommand`. */
export function runGit(args: readonly string[], options: GitOptions = {}): Promise<CommandResult> {
  const { cwd, signal, input, accept } = options;
  return runCommand('git', [...SETTINGS, ...args], {
    env: { ...ENVIRONMENT, ...options.env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { signal }),
    ...(input === undefined ? {} : { input }),
    ...(accept === undefined ? {} : { accept }),
  });
}

/** A temporary directory, removed with all its content when closed. */
export interface Scratch {
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function makeScratch(purpose: string): Promise<Scratch> {
  const path = await mkdtemp(join(tmpdir(), `ktrial-${purpose}-`));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}
