// SPDX-License-Identifier: MIT
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type InputOptions, requireUsablePath, streamStandardInput } from '../host/index.ts';
import { type Limits, parseLimits } from '../model/index.ts';
import { applySettings } from './apply-settings.ts';
import type { Call, GlobalOptions } from './options.ts';
import type { Output } from './output.ts';
import { findRoot, readVersion } from './root.ts';
import type { FoundSetting } from './setting.ts';
import { findSettings, type SettingPlaces } from './settings.ts';

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
  /** Says that a Ctrl-C is the usual end of this command: nothing is said of it, and the exit code is the command's own. */
  readonly expectInterrupt: () => void;
  readonly out: Output;
  readonly err: Output;
  /** Bounds on what comes from outside, as `--limit` changed them. */
  readonly limits: Limits;
  /** The arguments after `ktrial`, for the line that repeats a run: with those that came from settings. */
  readonly args: readonly string[];
  /** How much is said of what goes on: `--quiet`, `--verbose`. */
  readonly wordiness: 'quiet' | 'usual' | 'verbose';
  /** Says on standard error something that is no result and no error; with `--quiet` nothing. */
  say(text: string): void;
  /** The command line itself, for what describes it. */
  readonly program: Command;
  /** The settings of this call, from files and the environment. */
  readonly settings: Settings;
  /** Standard input in pieces. */
  streamStandardInput(input: InputOptions): AsyncIterable<Buffer>;
  /** All of standard input, for a mailbox. */
  readStandardInput(): Promise<Uint8Array>;
}

/** Settings that were found, and where they were looked for. */
export interface Settings {
  readonly found: readonly FoundSetting[];
  readonly places: SettingPlaces;
}

/** What of a context the program's front door has. */
export type FrontDoor = Pick<Context, 'signal' | 'expectInterrupt' | 'out' | 'err'>;

/**
 * Gathers the context from the process; the one place that reads the environment. What a command does not ask for is not
 * looked at. Settings are given to the command. Faults of `findSettings` and `applySettings` (request).
 */
export async function openContext({ command, program }: Call, door: FrontDoor): Promise<Context> {
  const { signal, out, err, expectInterrupt } = door;
  const { env } = process;
  const root = findRoot();
  const places = {
    env,
    workingDirectory: findWorkingDirectory(),
    userFile: join(ownPath('XDG_CONFIG_HOME', '.config', 'ktrial'), 'config.yaml'),
    onNote: (text: string) => err.write(`ktrial: ${text}\n`),
  };
  const found = await findSettings(places);
  const settingArgs = applySettings(found, command, program);
  const options = { ...program.opts(), ...command.opts() } as GlobalOptions;
  const isQuiet = options.quiet === true;
  const limits = parseLimits(options.limit ?? []);
  return {
    root,
    version: readVersion(root),
    limits,
    get cacheDirectory() {
      return ownPath('XDG_CACHE_HOME', '.cache', 'ktrial');
    },
    get runsDirectory() {
      return ownPath('XDG_STATE_HOME', '.local/state', 'ktrial/runs');
    },
    get workingDirectory() {
      return process.cwd();
    },
    color: wantsColor(options.color ?? 'auto', out),
    signal,
    expectInterrupt,
    out,
    err,
    args: insertArgs(process.argv.slice(2), settingArgs),
    wordiness: isQuiet ? 'quiet' : options.verbose ? 'verbose' : 'usual',
    say: (text) => isQuiet || err.write(`ktrial: ${text}\n`),
    program,
    settings: { found, places },
    streamStandardInput: (input) => streamStandardInput(() => process.stdin, { ...input, signal }),
    async readStandardInput() {
      const chunks: Buffer[] = [];
      const mailbox = {
        what: 'mailbox',
        limitBytes: limits['mailbox-mib'] * 1024 * 1024,
        raise: `--limit mailbox-mib=${2 * limits['mailbox-mib']}`,
        signal,
      };
      for await (const chunk of streamStandardInput(() => process.stdin, mailbox)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };

  /** By the XDG Base Directory Specification, but a relative path is refused and not ignored. */
  function ownPath(variable: string, below: string, own: string): string {
    const given = env[variable];
    if (given) return checked(join(given, own), given, variable);
    const home = env.HOME || userInfo().homedir;
    return checked(join(home, below, own), home, 'HOME');
  }

  function checked(path: string, given: string, setting: string): string {
    requireUsablePath({ path: given, what: `the directory ${setting}`, setting });
    return path;
  }
}

/** Options go before `--`, behind which stands a command for a guest. */
function insertArgs(args: readonly string[], added: readonly string[]): readonly string[] {
  const at = args.indexOf('--');
  return at === -1 ? [...args, ...added] : [...args.slice(0, at), ...added, ...args.slice(at)];
}

/** The current directory; null where it was removed. */
function findWorkingDirectory(): string | null {
  try {
    return process.cwd();
  } catch {
    return null;
  }
}

function wantsColor(choice: 'auto' | 'always' | 'never', out: Output): boolean {
  if (choice !== 'auto') return choice === 'always';
  const { env } = process;
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return out.isTty && env.TERM !== 'dumb';
}
