// SPDX-License-Identifier: MIT
import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CommandResult, exists, runCommand, tail } from '../host/index.ts';
import { type Diagnostic, Fault, isFault } from '../model/index.ts';
import { findLabTrouble, isAboutSource } from './build-failure.ts';
import { mergeDiagnostics, parseDiagnostics } from './diagnostic.ts';
import { buildInto } from './output-directory.ts';

/** One kernel to compile: a tree that is checked out, and where its objects go. */
export interface MakeRequest {
  readonly tree: string;
  readonly output: string;
  readonly config: string;
  readonly targets: readonly string[];
  readonly makeArguments: readonly string[];
  readonly cacheDirectory: string;
  readonly jobs: number;
  /** Files that are compiled even when make considers them up to date. */
  readonly touched: readonly string[];
  /** Whether to start with an empty output directory, so that all diagnostics of this configuration are found. */
  readonly startEmpty: boolean;
  /** The build tree's lock, which make's processes hold too. */
  readonly keepOpen: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface MakeResult {
  readonly ok: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Whether everything was compiled, so that all diagnostics of this configuration are known. */
  readonly complete: boolean;
  readonly logPath: string;
  readonly logTail: readonly string[];
}

/**
 * Compiles a kernel. A failure is believed when a second attempt fails as well, with an error about the source; anything
 * else is Fault `KERNEL_BUILD_DISTURBED`, blame lab.
 */
export async function makeKernel(request: MakeRequest): Promise<MakeResult> {
  await rm(logPathOf(request), { force: true });
  if (request.startEmpty) await rm(request.output, { recursive: true, force: true });
  const attempt = () => buildInto(request.output, () => runMake(request));
  let first: MakeResult | null = null;
  try {
    first = await attempt();
    if (first.ok) return first;
    request.onProgress?.('the build failed, and is tried once more before that is believed');
  } catch (error) {
    if (!isFault(error, 'KERNEL_BUILD_DISTURBED') && !isFault(error, 'HOST_COMMAND_FAILED')) throw error;
    request.onProgress?.(`${error.message}: tried once more in an empty directory`);
  }
  const second = await attempt();
  if (!second.ok || !first) return second;
  const warnings = first.diagnostics.filter((one) => one.severity === 'warning');
  return {
    ...second,
    complete: first.complete,
    diagnostics: mergeDiagnostics(warnings, second.diagnostics),
  };
}

function logPathOf(request: MakeRequest): string {
  return join(dirname(request.output), 'build.log');
}

async function runMake(request: MakeRequest): Promise<MakeResult> {
  const complete = !(await exists(join(request.output, '.config')));
  const now = new Date();
  // A file that this commit does not have is not compiled either.
  for (const file of request.touched) await utimes(join(request.tree, file), now, now).catch(() => {});
  const configured = await placeConfig(request);
  const result = configured?.exitCode ? configured : await compile(request);
  const log = `${result.stdout}\n${result.stderr}`;
  const diagnostics = parseDiagnostics(log, request);
  if (result.exitCode !== 0) await requireSourceError(request, log, diagnostics);
  return {
    ok: result.exitCode === 0,
    diagnostics,
    complete,
    logPath: logPathOf(request),
    logTail: tail(result.stderr === '' ? result.stdout : result.stderr, 30),
  };
}

/** Passes for a failed make that found an error in the source. Fault `KERNEL_BUILD_DISTURBED` for any other. */
async function requireSourceError(
  request: MakeRequest,
  log: string,
  diagnostics: readonly Diagnostic[],
): Promise<void> {
  const trouble = findLabTrouble(log);
  const errors = diagnostics.filter((one) => one.severity === 'error');
  if (!trouble && (await isAboutSource(errors, request))) return;
  throw new Fault({
    blame: 'lab',
    code: 'KERNEL_BUILD_DISTURBED',
    message: `make failed, but not because of the source: ${trouble?.what ?? 'no error names a file of the tree'}`,
    details: tail(log, 20),
    next: trouble?.next ?? `read the log: ${logPathOf(request)}`,
  });
}

function compile(request: MakeRequest): Promise<CommandResult> {
  let objects = 0;
  let saidAt = 0;
  const { signal } = request;
  return runCommand('make', makeArgv(request), {
    env: buildEnvironment(request),
    accept: 'any',
    logPath: logPathOf(request),
    keepOpen: request.keepOpen,
    onLine(line) {
      if (/^ {2}(CC|LD|AR|AS)\b/.test(line)) objects += 1;
      if (performance.now() - saidAt < 1000) return;
      saidAt = performance.now();
      request.onProgress?.(`${objects} objects, ${line.trim().slice(0, 60)}`);
    },
    ...(signal ? { signal } : {}),
  });
}

function makeArgv(request: MakeRequest): string[] {
  return [
    '-C',
    request.tree,
    `O=${request.output}`,
    `-j${request.jobs}`,
    '--no-print-directory',
    ...request.makeArguments,
    'CC=ccache gcc',
    'HOSTCC=ccache gcc',
    ...request.targets,
  ];
}

/** Keeps this computer's name and the time out of the kernel, so that the same input gives the same bytes. */
function buildEnvironment(request: MakeRequest): Record<string, string> {
  return {
    CCACHE_DIR: join(request.cacheDirectory, 'ccache'),
    CCACHE_MAXSIZE: '10G',
    // Makes paths inside the build tree relative, so that another build tree of the same source hits the cache too.
    CCACHE_BASEDIR: dirname(request.output),
    CCACHE_NOHASHDIR: '1',
    CCACHE_COMPILERCHECK: 'content',
    KBUILD_BUILD_TIMESTAMP: 'Thu Jan  1 00:00:00 UTC 1970',
    KBUILD_BUILD_VERSION: '1',
    KBUILD_BUILD_USER: 'ktrial',
    KBUILD_BUILD_HOST: 'ktrial',
    LOCALVERSION: '',
  };
}

/**
 * Writes the configuration when it differs from the last one: a new date on it would compile everything again. Returns
 * how `olddefconfig` ended, or null when nothing was written.
 */
async function placeConfig(request: MakeRequest): Promise<CommandResult | null> {
  const { output, config, signal } = request;
  const placed = join(output, 'ktrial.config');
  const isPlaced = (await readFile(placed, 'utf8').catch(() => '')) === config;
  if (isPlaced && (await exists(join(output, '.config')))) return null;
  await rm(placed, { force: true });
  await writeFile(join(output, '.config'), config);
  const result = await runCommand(
    'make',
    ['-s', '-C', request.tree, `O=${output}`, ...request.makeArguments, 'olddefconfig'],
    { accept: 'any', logPath: logPathOf(request), keepOpen: request.keepOpen, ...(signal ? { signal } : {}) },
  );
  if (result.exitCode === 0) await writeFile(placed, config);
  return result;
}
