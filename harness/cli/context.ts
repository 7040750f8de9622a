// SPDX-License-Identifier: MIT
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Output } from './output.ts';

/** What a command knows of the world it was called in. */
export interface Context {
  /** The project's own files: kernels/, images/, scenarios/. */
  readonly root: string;
  readonly version: string;
  /** Rebuilt when lost: sources, kernels, images. */
  readonly cacheDirectory: string;
  /** Results: one directory a run. */
  readonly runsDirectory: string;
  readonly workingDirectory: string;
  readonly color: boolean;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly out: Output;
  readonly err: Output;
  /** The arguments after `ktrial`, for the line that repeats a run. */
  readonly args: readonly string[];
  readStandardInput(): Promise<Uint8Array>;
}

/** Global options that every command has. */
export interface GlobalOptions {
  readonly color?: 'auto' | 'always' | 'never';
  readonly debug?: boolean;
}

/** Gathers the context from the process; the one place that reads the environment. */
export function openContext(options: GlobalOptions, signal: AbortSignal, out: Output, err: Output): Context {
  const { env } = process;
  const root = findRoot();
  return {
    root,
    version: readVersion(root),
    cacheDirectory: join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ktrial'),
    runsDirectory: join(env.XDG_STATE_HOME || join(homedir(), '.local/state'), 'ktrial', 'runs'),
    workingDirectory: process.cwd(),
    color: wantsColor(options.color ?? 'auto', out),
    signal,
    out,
    err,
    args: process.argv.slice(2),
    async readStandardInput() {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
      return Buffer.concat(chunks);
    },
  };
}

function wantsColor(choice: 'auto' | 'always' | 'never', out: Output): boolean {
  if (choice !== 'auto') return choice === 'always';
  const { env } = process;
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return out.isTty && env.TERM !== 'dumb';
}

function findRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
}

/** The version in package.json. */
export function readVersion(root = findRoot()): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string })
    .version;
}
