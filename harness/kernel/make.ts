// SPDX-License-Identifier: MIT
import { lutimes, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type CommandResult,
  lookInside,
  placeInSandbox,
  readInside,
  removeHostile,
  runCommand,
  tail,
} from '../host/index.ts';
import { type Diagnostic, isFault } from '../model/index.ts';
import { findBlocked } from './blocked.ts';
import { type Containment, contain } from './containment.ts';
import { mergeDiagnostics, parseDiagnostics } from './diagnostic.ts';
import { type FileInBuild, findFilesInBuild } from './files-in-build.ts';
import { findRefusedProcess, judgeFailure } from './judge-failure.ts';
import { buildInto } from './output-directory.ts';
import type { Toolchain } from './toolchain.ts';

/** One kernel to compile: a tree that is checked out, and where its objects go. */
export interface MakeRequest {
  readonly tree: string;
  readonly output: string;
  /** The path by which make knows the output directory: the same for all arms, since it gets into objects. */
  readonly mountedAt: string;
  readonly config: string;
  readonly targets: readonly string[];
  readonly makeArguments: readonly string[];
  readonly toolchain: Pick<Toolchain, 'cc' | 'hostCc'>;
  readonly ccache: { readonly directory: string; readonly writable: boolean };
  readonly containment: Containment;
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
  /** What became of the touched files; empty where it failed. */
  readonly files: Readonly<Record<string, FileInBuild>>;
  readonly logPath: string;
  readonly logTail: readonly string[];
  /** What the sandbox kept it from, as far as its programs said so. */
  readonly notes: readonly string[];
}

/** More than any configuration has. */
const CONFIG_BYTES = 16 * 1024 * 1024;
/** Of a longer line only the head is read: no compiler writes one. */
const LONG_LINE = /^(.{4096}).+$/gm;

/**
 * Compiles a kernel. A failure is believed when a second attempt fails as well, with an error about the source, or with
 * what only the sandbox could cause; a bound that it exceeds is believed at once. Anything else is Fault
 * `KERNEL_BUILD_DISTURBED`, blame lab.
 */
export async function makeKernel(request: MakeRequest): Promise<MakeResult> {
  await rm(logPathOf(request), { force: true });
  if (request.startEmpty) await removeHostile(request.output);
  const attempt = () => buildInto(request.output, () => runMake(request));
  let first: Attempt | null = null;
  try {
    first = await attempt();
    if (first.exceeded) await removeHostile(request.output);
    if (first.ok || first.exceeded) return first;
    request.onProgress?.('the build failed, and is tried once more before that is believed');
  } catch (error) {
    if (!isFault(error, 'KERNEL_BUILD_DISTURBED') && !isFault(error, 'HOST_COMMAND_FAILED')) throw error;
    request.onProgress?.(`${error.message}: tried once more in an empty directory`);
  }
  const second = await attempt();
  if (second.exceeded) await removeHostile(request.output);
  if (!second.ok || !first) return second;
  const warnings = first.diagnostics.filter((one) => one.severity === 'warning');
  return {
    ...second,
    complete: first.complete,
    diagnostics: mergeDiagnostics(warnings, second.diagnostics),
  };
}

interface Attempt extends MakeResult {
  readonly exceeded: boolean;
}

/** An error of a build that no file of the tree can be named for. */
export function errorOfBuild(message: string): Diagnostic {
  return { severity: 'error', file: '(build)', line: null, column: null, message, option: null, patch: null };
}

function logPathOf(request: MakeRequest): string {
  return join(dirname(request.output), 'build.log');
}

async function runMake(request: MakeRequest): Promise<Attempt> {
  const { tree, mountedAt } = request;
  const complete = (await lookInside(request.output, '.config')) === null;
  const since = await dateAnew(request);
  const configured = await placeConfig(request);
  const result = configured && isBad(configured) ? configured : await compile(request);
  const log = `${result.stdout}\n${result.stderr}`.replace(LONG_LINE, '$1');
  const found = parseDiagnostics(log, { tree, output: mountedAt });
  // A build that hides its failure has exceeded the bound all the same.
  const exceeded = result.exceeded ?? (await findRefusedProcess(log, request.containment));
  const reason = exceeded
    ? `the build exceeded ${exceeded.what} (--limit ${exceeded.limit}=NUMBER allows more)`
    : null;
  const failure =
    result.exitCode === 0 && !exceeded
      ? []
      : await judgeFailure({ ...request, ...result, log, logPath: logPathOf(request), exceeded, found });
  const ok = result.exitCode === 0 && !exceeded;
  return {
    ok,
    files: ok ? await findFilesInBuild({ ...request, files: request.touched, since }) : {},
    exceeded: exceeded !== undefined,
    diagnostics: [...(reason === null ? [] : [errorOfBuild(reason)]), ...failure.map(errorOfBuild), ...found],
    complete,
    logPath: logPathOf(request),
    logTail: tail(result.stderr === '' ? result.stdout : result.stderr, 30),
    notes: request.containment.sandbox ? findBlocked(log) : [],
  };
}

function isBad({ exitCode, exceeded }: CommandResult): boolean {
  return exitCode !== 0 || exceeded !== undefined;
}

/**
 * Gives files of the tree the present as their date, and returns it. A file that this commit does not have is not compiled
 * either.
 */
async function dateAnew({ tree, touched }: MakeRequest): Promise<number> {
  const now = new Date();
  for (const file of touched) if (await lookInside(tree, file)) await lutimes(join(tree, file), now, now);
  return now.getTime();
}

function compile(request: MakeRequest): Promise<CommandResult> {
  let objects = 0;
  let saidAt = 0;
  return run(request, makeArgv(request), (line) => {
    if (/^ {2}(CC|LD|AR|AS)\b/.test(line)) objects += 1;
    if (performance.now() - saidAt < 1000) return;
    saidAt = performance.now();
    request.onProgress?.(`${objects} objects, ${line.trim().slice(0, 60)}`);
  });
}

async function run(
  request: MakeRequest,
  argv: readonly string[],
  onLine?: (line: string) => void,
): Promise<CommandResult> {
  const { containment, tree, output, mountedAt, ccache, keepOpen, signal } = request;
  return runCommand('make', argv, {
    ...(await contain(containment, { tree, output, mountedAt, ccache, env: buildEnvironment(request) })),
    accept: 'any',
    logPath: logPathOf(request),
    keepOpen,
    ...(onLine ? { onLine } : {}),
    ...(signal ? { signal } : {}),
  });
}

function makeArgv(request: MakeRequest): string[] {
  return [
    '-C',
    request.tree,
    `O=${request.mountedAt}`,
    `-j${request.jobs}`,
    '--no-print-directory',
    ...request.makeArguments,
    `CC=ccache ${request.toolchain.cc}`,
    `HOSTCC=ccache ${request.toolchain.hostCc}`,
    ...request.targets,
  ];
}

/** Keeps this computer's name and the time out of the kernel, so that the same input gives the same bytes. */
function buildEnvironment({ ccache, mountedAt }: MakeRequest): Record<string, string> {
  return {
    CCACHE_DIR: ccache.directory,
    CCACHE_MAXSIZE: '10G',
    // Makes paths inside the build tree relative, so that another build tree of the same source hits the cache too.
    CCACHE_BASEDIR: dirname(mountedAt),
    CCACHE_NOHASHDIR: '1',
    CCACHE_COMPILERCHECK: 'content',
    ...(ccache.writable ? {} : { CCACHE_READONLY: '1', CCACHE_NOSTATS: '1', CCACHE_TEMPDIR: '/tmp/ccache' }),
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
  const { output, config, containment } = request;
  const placed = join(output, 'ktrial.config');
  const isPlaced = (await readInside(output, 'ktrial.config', CONFIG_BYTES)) === config;
  if (isPlaced && (await lookInside(output, '.config'))) return null;
  await removeHostile(placed);
  await placeInSandbox(containment.sandbox, join(output, '.config'), config);
  const result = await run(request, [
    ...['-s', '-C', request.tree, `O=${request.mountedAt}`],
    ...[...request.makeArguments, 'olddefconfig'],
  ]);
  if (!isBad(result)) await placeInSandbox(containment.sandbox, placed, config);
  return result;
}
