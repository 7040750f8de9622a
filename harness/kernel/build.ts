// SPDX-License-Identifier: MIT
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  digestFile,
  digestOf,
  exists,
  type Lock,
  listFiles,
  makeDirectoryAtomic,
  runCommand,
  tail,
} from '../host/index.ts';
import type { BuildResult, Diagnostic, Kernel } from '../model/index.ts';
import type { Architecture } from './arch/index.ts';
import type { Toolchain } from './build-tree.ts';
import type { KernelDefinition } from './definition.ts';
import { parseDiagnostics } from './diagnostic.ts';
import { git } from './git.ts';
import { openArtifacts } from './shelf.ts';
import { buildWhole } from './unfinished.ts';

/** Grows when a change here makes earlier cached kernels wrong. */
const BUILD_FORMAT = '2';

export interface BuildRequest {
  readonly commit: string;
  /** Files that the series touched: compiled anew, so that their warnings are always seen. */
  readonly touched?: readonly string[];
  /** Number of the patch that a file's diagnostics belong to. */
  readonly attribute?: (file: string) => number | null;
  readonly onProgress?: (text: string) => void;
}

interface BuildSite extends BuildRequest {
  readonly definition: KernelDefinition;
  readonly tree: string;
  readonly output: string;
  readonly config: string;
  readonly toolchain: Toolchain;
  readonly architecture: Architecture;
  readonly makeArguments: readonly string[];
  readonly cacheDirectory: string;
  readonly jobs: number;
  /** The build tree's lock: make and all its processes hold it too. */
  readonly lock: Lock;
  readonly signal?: AbortSignal;
}

interface KernelFile {
  readonly kernel: Omit<Kernel, 'bootImage' | 'bootDigest' | 'vmlinux' | 'modules' | 'config'>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Builds a kernel, or takes it from the cache when the same tree, configuration and compiler were built before. */
export async function buildKernel(site: BuildSite): Promise<BuildResult> {
  const startedAt = performance.now();
  const elapsed = () => Math.round(performance.now() - startedAt);
  const treeHash = (await git(['rev-parse', `${site.commit}^{tree}`], { cwd: site.tree })).stdout.trim();
  const digest = digestOf(
    BUILD_FORMAT,
    treeHash,
    site.config,
    site.toolchain.compiler,
    site.toolchain.linker,
  );
  const store = join(site.cacheDirectory, 'kernels', digest);
  const cached = await readStored(store);
  if (cached) {
    const diagnostics = cached.diagnostics.map((one) => ({
      ...one,
      patch: site.attribute?.(one.file) ?? null,
    }));
    // Another commit, in a buildTree that may be gone, may have made it from the same tree.
    const kernel = { ...cached.kernel, source: site.tree, commit: site.commit };
    return { ok: true, kernel, cached: true, durationMs: elapsed(), diagnostics };
  }
  return buildWhole(site.output, () => runMake(site, store, digest, elapsed));
}

async function runMake(
  site: BuildSite,
  store: string,
  digest: string,
  elapsed: () => number,
): Promise<BuildResult> {
  await placeConfig(site);
  const now = new Date();
  for (const file of site.touched ?? []) await utimes(join(site.tree, file), now, now).catch(() => {});
  const logPath = join(dirname(site.output), 'build.log');
  await rm(logPath, { force: true });
  let objects = 0;
  let saidAt = 0;
  const result = await runCommand('make', makeArgv(site), {
    env: buildEnvironment(site),
    accept: 'any',
    logPath,
    keepOpen: site.lock.descriptor,
    onLine(line) {
      if (/^ {2}(CC|LD|AR|AS)\b/.test(line)) objects += 1;
      if (performance.now() - saidAt < 1000) return;
      saidAt = performance.now();
      site.onProgress?.(`${objects} objects, ${line.trim().slice(0, 60)}`);
    },
    ...(site.signal ? { signal: site.signal } : {}),
  });
  const log = `${result.stdout}\n${result.stderr}`;
  const diagnostics = parseDiagnostics(log, { tree: site.tree, output: site.output }, site.attribute);
  if (result.exitCode !== 0) {
    return {
      ok: false,
      diagnostics,
      durationMs: elapsed(),
      logPath,
      logTail: tail(result.stderr === '' ? result.stdout : result.stderr, 30),
    };
  }
  await storeKernel(site, store, { kernel: await describeKernel(site, digest), diagnostics });
  const stored = await readStored(store);
  if (!stored) throw new Error(`the kernel just stored is not in ${store}`);
  return { ok: true, kernel: stored.kernel, cached: false, durationMs: elapsed(), diagnostics };
}

function makeArgv(site: BuildSite): string[] {
  const targets = [site.architecture.bootTarget, ...(site.definition.modules ? ['modules'] : [])];
  return [
    '-C',
    site.tree,
    `O=${site.output}`,
    `-j${site.jobs}`,
    '--no-print-directory',
    ...site.makeArguments,
    'CC=ccache gcc',
    'HOSTCC=ccache gcc',
    ...targets,
  ];
}

/** Nothing of this computer or of the hour goes into a kernel, so that the same input gives the same bytes. */
function buildEnvironment(site: BuildSite): Record<string, string> {
  return {
    CCACHE_DIR: join(site.cacheDirectory, 'ccache'),
    CCACHE_MAXSIZE: '10G',
    // Paths inside the buildTree become relative, so that another buildTree of the same source finds them.
    CCACHE_BASEDIR: dirname(site.output),
    CCACHE_NOHASHDIR: '1',
    CCACHE_COMPILERCHECK: 'content',
    KBUILD_BUILD_TIMESTAMP: 'Thu Jan  1 00:00:00 UTC 1970',
    KBUILD_BUILD_VERSION: '1',
    KBUILD_BUILD_USER: 'ktrial',
    KBUILD_BUILD_HOST: 'ktrial',
    LOCALVERSION: '',
  };
}

/** Replaces the configuration only when it differs: a new date on it would compile everything again. */
async function placeConfig(site: BuildSite): Promise<void> {
  const requested = join(site.output, 'ktrial.config');
  if (
    (await readFile(requested, 'utf8').catch(() => '')) === site.config &&
    (await exists(join(site.output, '.config')))
  )
    return;
  await writeFile(join(site.output, '.config'), site.config);
  await runCommand(
    'make',
    ['-s', '-C', site.tree, `O=${site.output}`, ...site.makeArguments, 'olddefconfig'],
    site.signal ? { signal: site.signal } : {},
  );
  await writeFile(requested, site.config);
}

async function describeKernel(site: BuildSite, digest: string): Promise<KernelFile['kernel']> {
  return {
    digest,
    name: site.definition.name,
    arch: site.definition.arch,
    release: (await readFile(join(site.output, 'include/config/kernel.release'), 'utf8')).trim(),
    source: site.tree,
    compiler: site.toolchain.compiler,
    commit: site.commit,
  };
}

async function storeKernel(site: BuildSite, store: string, file: KernelFile): Promise<void> {
  const artifacts = await openArtifacts(site.output);
  await makeDirectoryAtomic(store, async (directory) => {
    const put = (from: string, to: string) => artifacts.put(from, join(directory, to), join(store, to));
    await put(site.architecture.bootImage, 'boot');
    await put('vmlinux', 'vmlinux');
    await put('.config', 'config');
    await mkdir(join(directory, 'modules'));
    if (site.definition.modules) {
      for (const path of await readModuleOrder(site.output)) await put(path, `modules/${path}`);
    }
    await writeFile(join(directory, 'kernel.json'), `${JSON.stringify(file, null, 2)}\n`);
  });
  await artifacts.close();
}

/** The modules of this configuration: an output directory may hold older ones that are no longer configured. */
async function readModuleOrder(output: string): Promise<string[]> {
  const text = await readFile(join(output, 'modules.order'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^kernel\//, '').replace(/\.o$/, '.ko'));
}

async function readStored(
  store: string,
): Promise<{ readonly kernel: Kernel; readonly diagnostics: readonly Diagnostic[] } | null> {
  const text = await readFile(join(store, 'kernel.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  const file = JSON.parse(text) as KernelFile;
  const kernel: Kernel = {
    ...file.kernel,
    bootImage: join(store, 'boot'),
    bootDigest: await digestFile(join(store, 'boot')),
    vmlinux: join(store, 'vmlinux'),
    modules: join(store, 'modules'),
    config: join(store, 'config'),
  };
  return { kernel, diagnostics: file.diagnostics };
}

/** The kernel of ktrial's own that a file such as its vmlinux lies beside; null where it is another's. */
export async function findStoredKernel(directory: string): Promise<Kernel | null> {
  return (await readStored(directory).catch(() => null))?.kernel ?? null;
}

/** Names of a kernel's modules, without `.ko`. */
export async function listModules(kernel: Kernel): Promise<string[]> {
  return (await listFiles(kernel.modules)).map((path) => path.replace(/^.*\//, '').replace(/\.ko$/, ''));
}
