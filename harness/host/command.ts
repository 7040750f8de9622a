// SPDX-License-Identifier: MIT
import { access, constants, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Options } from 'execa';
import { Fault, quoteArgs } from '../model/index.ts';
import { childEnvironment } from './environment.ts';
import { splitLines, tail } from './lines.ts';
import { packageOf } from './package.ts';
import { type SandboxJob, wrapInSandbox } from './sandbox-argv.ts';
import { type Excess, watchSandbox } from './sandbox-watch.ts';
import { signalOf, supervise } from './supervisor.ts';

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to `childEnvironment()`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Both streams are appended to this file as they arrive; `stdout` of the result is filled as well. */
  readonly logPath?: string;
  /** Called for each whole line of either stream. */
  readonly onLine?: (line: string) => void;
  /** Exit codes that are answers and not failures. Default: only 0. `'any'` accepts every code of the program's own. */
  readonly accept?: readonly number[] | 'any';
  /** A file descriptor that every process of the command inherits, such as a lock's: held until the last one is gone. */
  readonly keepOpen?: number;
  /** Runs the command in a sandbox: it sees and takes what the job says, `env` is not passed on, and a bound that it exceeds ends it. */
  readonly sandbox?: SandboxJob;
}

export interface CommandResult {
  readonly argv: readonly string[];
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** The bound of its sandbox for which the command was ended; the exit code then means nothing. */
  readonly exceeded?: Excess;
}

/**
 * Runs a program to its end, without a shell's interpretation of its arguments. Its whole process group is killed on
 * timeout, on abort, when the program has ended, and when ktrial dies, however it dies.
 * Rejects with Fault `HOST_PROGRAM_MISSING`, `HOST_COMMAND_FAILED`, `HOST_DISK_FULL` or `HOST_NOT_ALLOWED` (a program that
 * failed says so), `HOST_COMMAND_TIMEOUT` or `HOST_INTERRUPTED`.
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  // Half of what ktrial would take to start, and most of its verbs start no program.
  const { execa } = await import('execa');
  const startedAt = performance.now();
  const argv = [program, ...args];
  if (options.signal?.aborted) throw interrupted(program);
  const env = { ...childEnvironment(), ...options.env };
  const { sandbox } = options;
  const { PATH = '' } = env;
  const holdsLock = options.keepOpen !== undefined;
  const wrapped = sandbox
    ? wrapInSandbox(sandbox, argv, { path: PATH, cwd: options.cwd ?? '/', holdsLock })
    : argv;
  if (sandbox) await writeFile(sandbox.sandbox.state, '');
  const child = execa('/bin/sh', supervise(wrapped), settingsOf(options, env));
  let stopped: 'timeout' | 'abort' | null = null;
  let exceeded: Excess | null = null;
  const watch =
    sandbox &&
    watchSandbox(sandbox, (excess) => {
      exceeded = excess;
    });
  const killGroup = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group is already gone.
    }
  };
  const stop = (why: 'timeout' | 'abort') => {
    stopped ??= why;
    // Once the first process of a sandbox is killed, bubblewrap ends by itself, after all that was in it.
    if (!watch?.kill()) killGroup();
  };
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(stop, options.timeoutMs, 'timeout');
  const onAbort = () => stop('abort');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  child.once('exit', killGroup);
  if (options.onLine) {
    const { onLine } = options;
    for (const stream of [child.stdout, child.stderr])
      splitLines(stream as NodeJS.ReadableStream | null, onLine);
  }
  const ended = await child;
  clearTimeout(timer);
  await watch?.close();
  options.signal?.removeEventListener('abort', onAbort);
  const result: CommandResult = {
    argv,
    exitCode: ended.exitCode ?? -1,
    stdout: String(ended.stdout ?? ''),
    stderr: String(ended.stderr ?? ''),
    durationMs: Math.round(performance.now() - startedAt),
  };
  if (stopped === 'abort') throw interrupted(program);
  if (stopped === 'timeout')
    throw failed(result, 'HOST_COMMAND_TIMEOUT', `did not end within ${options.timeoutMs} ms`);
  if (sandbox && ended.isMaxBuffer) exceeded = tooMuchOutput(sandbox);
  if (exceeded) return { ...result, exceeded };
  if (sandbox && !(await isStarted(sandbox))) throw noSandbox(result);
  if (ended.exitCode === undefined) {
    const why = ended.signal
      ? `was killed by ${ended.signal}`
      : `cannot be started: ${ended.originalMessage}`;
    throw failed(result, 'HOST_COMMAND_FAILED', why, ended);
  }
  const accepted = options.accept ?? [0];
  if (accepted !== 'any' && accepted.includes(ended.exitCode)) return result;
  if ((ended.exitCode === 126 || ended.exitCode === 127) && !(await isInstalled(program, options.cwd, env)))
    throw missingProgram(program);
  const signal = signalOf(ended.exitCode);
  if (signal !== null) throw failed(result, 'HOST_COMMAND_FAILED', `was killed by ${signal}`);
  if (accepted === 'any') return result;
  throw failed(result, 'HOST_COMMAND_FAILED', `ended with exit code ${ended.exitCode}`);
}

function settingsOf(options: CommandOptions, env: Record<string, string>): Options {
  const log = options.logPath === undefined ? [] : [{ file: options.logPath, append: true as const }];
  // execa takes any descriptor; its type lists those below ten.
  const inherited = options.keepOpen === undefined ? [] : [options.keepOpen as 3];
  return {
    cwd: options.sandbox ? '/' : (options.cwd ?? '/'),
    env,
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    detached: true,
    maxBuffer: (options.sandbox?.limits['build-log-mib'] ?? 256) * 1024 * 1024,
    ...(options.input === undefined ? {} : { input: options.input }),
    stdio: [
      options.input === undefined ? 'ignore' : 'pipe',
      ['pipe', ...log],
      ['pipe', ...log],
      'pipe',
      ...inherited,
    ],
    buffer: { fd3: false },
  };
}

/** Whether a program can be executed: a path, or a name on the PATH. */
async function isInstalled(
  program: string,
  cwd = '/',
  env: Readonly<Record<string, string>>,
): Promise<boolean> {
  const candidates = program.includes('/')
    ? [resolve(cwd, program)]
    : (env.PATH ?? '').split(':').map((directory) => join(directory, program));
  for (const path of candidates) {
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

function tooMuchOutput({ limits }: SandboxJob): Excess {
  const limit = 'build-log-mib';
  return { limit, got: limits[limit], what: `${limits[limit]} MiB of messages` };
}

/** Whether bubblewrap came as far as to start the command. */
async function isStarted({ sandbox }: SandboxJob): Promise<boolean> {
  return (await readFile(sandbox.state, 'utf8').catch(() => '')).includes('child-pid');
}

function noSandbox(result: CommandResult): Fault {
  return new Fault({
    blame: 'lab',
    code: 'HOST_NO_SANDBOX',
    message: `${result.argv[0]} could not be started in a sandbox: ${tail(result.stderr, 1)[0] ?? 'no reason was given'}`,
    next: 'ktrial doctor',
  });
}

function missingProgram(program: string): Fault {
  const owner = packageOf(program);
  return new Fault({
    blame: 'lab',
    code: 'HOST_PROGRAM_MISSING',
    message: `the program ${program} is not installed`,
    next: owner ? `sudo apt-get install -y ${owner}` : 'ktrial doctor',
  });
}

/** What programs print when the disk fails them: then it does not matter how they ended. */
const DISK_TROUBLES = [
  {
    pattern: /\b(?:No space left on device|Disk quota exceeded)\b/,
    code: 'HOST_DISK_FULL',
    what: 'the disk is full',
    next: 'free some space, or choose other directories: XDG_CACHE_HOME, TMPDIR',
  },
  {
    pattern: /\bRead-only file system\b/,
    code: 'HOST_NOT_ALLOWED',
    what: 'the file system is read-only',
    next: 'choose other directories: XDG_CACHE_HOME, TMPDIR',
  },
] as const;

function failed(result: CommandResult, code: string, what: string, cause?: unknown): Fault {
  const trouble = DISK_TROUBLES.find(({ pattern }) => pattern.test(result.stderr));
  return new Fault({
    blame: 'lab',
    code: trouble?.code ?? code,
    message: `${trouble ? `${trouble.what}: ` : ''}${result.argv[0]} ${what}`,
    ...(trouble ? { next: trouble.next } : {}),
    details: [`command: ${quoteArgs(result.argv)}`, ...tail(result.stderr || result.stdout, 20)],
    cause,
  });
}

function interrupted(program: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'HOST_INTERRUPTED',
    message: `interrupted while ${program} was running`,
  });
}
