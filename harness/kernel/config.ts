// SPDX-License-Identifier: MIT
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  digestOf,
  type Excess,
  placeInSandbox,
  readInside,
  runCommand,
  writeFileAtomic,
} from '../host/index.ts';
import { Fault, isFault, type Limits } from '../model/index.ts';
import { isFile } from './config-layer.ts';
import { type Containment, contain } from './containment.ts';
import type { KernelConfig } from './definition.ts';
import {
  findLostOptions,
  type LostOption,
  parseConfig,
  type RequestedOption,
  readWholeConfig,
} from './fragment.ts';
import { judgeLost } from './judge-lost.ts';
import { buildInto } from './output-directory.ts';
import { DETECTED, readRequestedOptions } from './requested-options.ts';
import type { Toolchain } from './toolchain.ts';
import { describeChanges } from './whole-config.ts';

export interface ConfigRequest {
  /** The kernel source. */
  readonly tree: string;
  readonly commit: string;
  /** Puts the tree at the commit; called only when the configuration has to be made. */
  readonly checkOut: () => Promise<void>;
  readonly toolchain: Toolchain;
  /** A directory for the configuration alone: its host tools stay there between runs. */
  readonly directory: string;
  readonly config: KernelConfig;
  /** Where the source has its `NAME_defconfig` files. */
  readonly defconfigs: string;
  readonly makeArguments: readonly string[];
  readonly containment: Containment;
  /** The build tree's lock, which make's processes hold too. */
  readonly keepOpen: number;
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** Grows when a change here makes what was settled before wrong. */
const SETTLE_FORMAT = '2';

/** A finished kernel configuration. */
export interface SettledConfig {
  readonly text: string;
  /** Options that it lacks although they were asked for: those that may be lacking. */
  readonly notes: readonly string[];
}

/**
 * Makes a kernel configuration: base, fragments and options on top, then `olddefconfig`. The same input is settled once.
 * Faults: `CONFIG_NO_BASE`, those of `readRequestedOptions`, `readWholeConfig` and `judgeLost`.
 */
export async function settleConfig(request: ConfigRequest): Promise<SettledConfig> {
  const { config } = request;
  const named = await readRequestedOptions(config, null, request);
  const trees = config.fragments.filter((one) => !isFile(one)).map(({ path }) => path);
  const whole = config.file === null ? null : await readWholeConfig(config.file, request);
  const { compiler, linker } = request.toolchain;
  const key = digestOf(
    SETTLE_FORMAT,
    request.commit,
    whole ?? config.base,
    formatOptions(named),
    trees.join(),
    compiler,
    linker,
    ...request.makeArguments,
  );
  const memo = `${request.directory}.json`;
  const settled = await readSettled(memo, request.onProgress);
  const known = settled.find((one) => one.key === key);
  if (known !== undefined) return { text: known.text, notes: known.notes };
  request.onProgress?.('settling the configuration');
  await request.checkOut();
  const tree = { path: request.tree, directories: ['kernel/configs', request.defconfigs] };
  const requested = await readRequestedOptions(config, tree, request);
  const text = await buildInto(request.directory, () => makeConfig(request, whole, requested));
  // What was to be a module and is built in gets compiled all the same.
  const isCompiled = ({ from, got }: LostOption) => from === DETECTED && got === 'y';
  const lost = findLostOptions(requested, parseConfig(text)).filter((one) => !isCompiled(one));
  if (lost.length > 0) request.onProgress?.('asking Kconfig why options are lost');
  const notes = await judgeLost(lost, requested, request);
  if (config.file !== null && whole !== null)
    notes.push(...describeChanges(config.file, whole, text, requested));
  await rm(memo, { recursive: true, force: true });
  const kept = [{ key, text, notes }, ...settled].slice(0, KEPT_CONFIGS);
  await writeFileAtomic(memo, JSON.stringify({ settled: kept } satisfies SettledFile));
  return { text, notes };
}

/** Who goes to and fro between a few options settles none of them again. */
const KEPT_CONFIGS = 8;

interface KeptConfig extends SettledConfig {
  readonly key: string;
}

interface SettledFile {
  /** The newest first. */
  readonly settled: readonly KeptConfig[];
}

function formatOptions(options: readonly RequestedOption[]): string {
  return options
    .map(({ name, value }) => (value === 'n' ? `# ${name} is not set\n` : `${name}=${value}\n`))
    .join('');
}

async function readSettled(
  path: string,
  onProgress: ConfigRequest['onProgress'],
): Promise<readonly KeptConfig[]> {
  const json = await readFile(path, 'utf8').catch(() => null);
  if (json === null) return [];
  try {
    const { settled } = JSON.parse(json) as SettledFile;
    if (settled.every((one) => typeof one.key === 'string' && typeof one.text === 'string')) return settled;
  } catch {
    // Truncated, or of another form: made again.
  }
  onProgress?.(`${path} is truncated or has another form: the configuration is settled again`);
  return [];
}

/** More than any configuration has. */
const CONFIG_BYTES = 16 * 1024 * 1024;

async function makeConfig(
  request: ConfigRequest,
  whole: string | null,
  requested: readonly RequestedOption[],
): Promise<string> {
  const { directory, tree, keepOpen, containment } = request;
  const reach = { tree, output: directory, mountedAt: directory, ccache: null, env: {} };
  const options = {
    timeoutMs: 10 * 60_000,
    keepOpen,
    ...(request.signal ? { signal: request.signal } : {}),
    ...(await contain(containment, reach)),
  };
  const make = async (...targets: string[]) => {
    const args = ['-s', '-C', tree, `O=${directory}`, ...request.makeArguments, ...targets];
    const { exceeded } = await runCommand('make', args, { ...options, cwd: tree });
    if (exceeded) throw exceededFault(exceeded);
  };
  const { base } = request.config;
  if (whole === null && base === 'allnoconfig') {
    const fragments = join(directory, 'fragments.config');
    await placeInSandbox(containment.sandbox, fragments, formatOptions(requested));
    await make(`KCONFIG_ALLCONFIG=${fragments}`, 'allnoconfig');
  } else {
    if (whole === null) await make(base).catch((cause: unknown) => explainBase(request, cause));
    const below = whole ?? (await readConfig(directory));
    await placeInSandbox(containment.sandbox, join(directory, '.config'), mergeOptions(below, requested));
    // allnoconfig leaves a complete configuration already.
    await make('olddefconfig');
  }
  return readConfig(directory);
}

/** A configuration with options on top: each is there once, since of two values one may win in a choice. */
function mergeOptions(below: string, requested: readonly RequestedOption[]): string {
  const names = new Set(requested.map(({ name }) => name));
  const kept = below.split('\n').filter((line) => !names.has(nameOfLine(line)));
  return `${kept.join('\n')}\n${formatOptions(requested)}`;
}

function nameOfLine(line: string): string {
  return /^(?:# )?(CONFIG_\w+)/.exec(line)?.[1] ?? '';
}

async function readConfig(directory: string): Promise<string> {
  const text = await readInside(directory, '.config', CONFIG_BYTES);
  if (text !== null) return text;
  throw new Fault({
    blame: 'request',
    code: 'CONFIG_NOT_MADE',
    message: 'make succeeded, but it left no .config that is a readable file',
    next: "check the source's Makefile",
  });
}

function exceededFault({ what, limit, got }: Excess): Fault {
  return new Fault({
    blame: 'request',
    code: 'KERNEL_BUILD_EXCEEDED',
    message: `the configuration of the base exceeded ${what}`,
    next: `if its source is meant to: --limit ${limit}=${2 * got}`,
  });
}

/** Fault `CONFIG_NO_BASE` (request) where make failed because the source has no such defconfig; else what was thrown. */
async function explainBase(request: ConfigRequest, cause: unknown): Promise<never> {
  const names = await readdir(join(request.tree, request.defconfigs)).catch(() => []);
  const known = names.filter((name) => name.endsWith('_defconfig')).sort();
  if (
    !isFault(cause, 'HOST_COMMAND_FAILED') ||
    !request.config.base.endsWith('_defconfig') ||
    known.includes(request.config.base)
  )
    throw cause;
  throw new Fault({
    blame: 'request',
    code: 'CONFIG_NO_BASE',
    message: `the source has no ${request.config.base}${known.length === 0 ? ', and no other defconfig' : ''}`,
    next: `set base: in the kernel definition to one of: ${['allnoconfig', 'tinyconfig', 'defconfig', ...known].join(', ')}`,
    cause,
  });
}
