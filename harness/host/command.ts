// SPDX-License-Identifier: MIT
import { execa, type Options } from 'execa';
import { Fault } from '../model/index.ts';
import { packageOf } from './package.ts';

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the cleaned environment (see `cleanEnvironment`). */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Both streams are appended to this file as they come; `stdout` of the result is then still filled. */
  readonly logPath?: string;
  /** Called for each whole line of either stream. */
  readonly onLine?: (line: string) => void;
  /** Exit codes that are answers and not failures. Default: only 0. `'any'` makes every code an answer. */
  readonly accept?: readonly number[] | 'any';
}

export interface CommandResult {
  readonly argv: readonly string[];
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** Words of the environment that programs need; everything else (MAKEFLAGS, GIT_DIR, LANG …) would change results. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'TMPDIR',
  'USER',
  'LOGNAME',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
];

/** The environment that commands run in: few variables passed on, C locale, no pager, no questions asked. */
export function cleanEnvironment(from: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const env: Record<string, string> = {
    LC_ALL: 'C.UTF-8',
    GIT_PAGER: 'cat',
    GIT_TERMINAL_PROMPT: '0',
    DEBIAN_FRONTEND: 'noninteractive',
  };
  for (const name of PASSED_ON) {
    const value = from[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

let inherited: Record<string, string> = cleanEnvironment({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
});

/** Told once by `cli/`, which alone may read the process's environment. */
export function inheritEnvironment(from: Readonly<Record<string, string | undefined>>): void {
  inherited = cleanEnvironment(from);
}

/** The environment for children that are not started through `runCommand`. */
export function childEnvironment(): Readonly<Record<string, string>> {
  return inherited;
}

/**
 * Runs a program (never a shell string) to its end. The whole process group is killed on time-out or abort.
 * Rejects with Fault `HOST_PROGRAM_MISSING`, `HOST_COMMAND_FAILED`, `HOST_COMMAND_TIMEOUT` or `HOST_INTERRUPTED`.
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const startedAt = performance.now();
  const argv = [program, ...args];
  if (options.signal?.aborted) throw interrupted(argv);
  const settings: Options = {
    cwd: options.cwd ?? '/',
    env: { ...inherited, ...options.env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    detached: true,
    maxBuffer: 256 * 1024 * 1024,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.logPath === undefined
      ? {}
      : {
          stdout: ['pipe' as const, { file: options.logPath, append: true }],
          stderr: ['pipe' as const, { file: options.logPath, append: true }],
        }),
  };
  const child = execa(program, args, settings);
  let stopped: 'timeout' | 'abort' | null = null;
  const killGroup = (why: 'timeout' | 'abort') => {
    stopped ??= why;
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group is already gone.
    }
  };
  const timer =
    options.timeoutMs === undefined ? undefined : setTimeout(() => killGroup('timeout'), options.timeoutMs);
  const onAbort = () => killGroup('abort');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.onLine) {
    const { onLine } = options;
    for (const stream of [child.stdout, child.stderr])
      splitLines(stream as NodeJS.ReadableStream | null, onLine);
  }
  const result = await child;
  clearTimeout(timer);
  options.signal?.removeEventListener('abort', onAbort);
  const durationMs = Math.round(performance.now() - startedAt);
  const stdout = String(result.stdout ?? '');
  const stderr = String(result.stderr ?? '');
  if (stopped === 'abort') throw interrupted(argv);
  if (stopped === 'timeout') {
    throw new Fault({
      blame: 'lab',
      code: 'HOST_COMMAND_TIMEOUT',
      message: `${program} did not end within ${options.timeoutMs} ms`,
      details: [`command: ${quoteArgv(argv)}`, ...tail(stderr || stdout, 20)],
    });
  }
  if (result.exitCode === undefined) {
    const code = (result as { code?: string }).code;
    if (code === 'ENOENT') throw missingProgram(program, result);
    throw new Fault({
      blame: 'lab',
      code: 'HOST_COMMAND_FAILED',
      message: `${program} ${result.signal ? `was ended by ${result.signal}` : `could not be started: ${result.originalMessage ?? code}`}`,
      details: [`command: ${quoteArgv(argv)}`, ...tail(stderr || stdout, 20)],
      cause: result,
    });
  }
  const accepted = options.accept ?? [0];
  if (accepted !== 'any' && !accepted.includes(result.exitCode)) {
    throw new Fault({
      blame: 'lab',
      code: 'HOST_COMMAND_FAILED',
      message: `${program} ended with exit code ${result.exitCode}`,
      details: [`command: ${quoteArgv(argv)}`, ...tail(stderr || stdout, 20)],
    });
  }
  return { argv, exitCode: result.exitCode, stdout, stderr, durationMs };
}

function missingProgram(program: string, cause: unknown): Fault {
  const owner = packageOf(program);
  return new Fault({
    blame: 'lab',
    code: 'HOST_PROGRAM_MISSING',
    message: `the program ${program} is not installed`,
    next: owner ? `sudo apt-get install -y ${owner}` : 'ktrial doctor',
    cause,
  });
}

function interrupted(argv: readonly string[]): Fault {
  return new Fault({
    blame: 'request',
    code: 'HOST_INTERRUPTED',
    message: `interrupted while ${argv[0]} was running`,
  });
}

function splitLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  if (!stream) return;
  let rest = '';
  stream.on('data', (chunk: Buffer | string) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) onLine(part);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}

/** The last lines of a text, for a message. */
export function tail(text: string, count: number): string[] {
  return text
    .trimEnd()
    .split('\n')
    .slice(-count)
    .filter((line) => line !== '');
}

/** An argument vector as a line that can be pasted into a POSIX shell. */
export function quoteArgv(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
