// SPDX-License-Identifier: MIT
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { digestOf, exists, type Lock, requireUsablePath, runGit, takeLock } from '../host/index.ts';
import type { BuildResult } from '../model/index.ts';
import { architectureOf } from './arch/index.ts';
import { requireObjects } from './borrowed-source.ts';
import { type BuildRequest, buildKernel } from './build.ts';
import { checkStyle, type StyleReport, type StyleRequest } from './check-style.ts';
import { compilePart, type PartRequest, type PartResult } from './compile-part.ts';
import { settleConfig } from './config.ts';
import { openContainment } from './containment.ts';
import { damageFault, explainDamage } from './damage.ts';
import type { KernelDefinition } from './definition.ts';
import { applyDefinitionPatches } from './definition-patches.ts';
import { buildGuestModules, type GuestModulesRequest } from './guest-modules.ts';
import { fetchNamedCommit } from './remote-source.ts';
import { checkOut } from './repository.ts';
import { buildSelftests, type SelftestsRequest } from './selftests.ts';
import { openSeriesOutput } from './series-output.ts';
import { discardSource, fetchSource, type SourceTree } from './source.ts';
import type { SourceOptions } from './source-options.ts';
import { type BuildChecks, openToolchain, type Toolchain } from './toolchain.ts';
import { ensureWorktree } from './worktree.ts';

export interface BuildTreeOptions extends SourceOptions {
  /** Compiler processes at once; as many as there are CPUs when absent. */
  readonly jobs?: number;
  /** What to look for beyond what every build finds. */
  readonly checks?: BuildChecks | undefined;
  /** Execute the code of the source and the series even where this computer cannot contain it. */
  readonly allowUnsandboxed?: boolean | undefined;
  /** Contain nothing, even where that is possible: to measure what it costs. */
  readonly withoutSandbox?: boolean | undefined;
}

/** A kernel tree with an output directory beside it. Locked until closed: no other ktrial uses it. */
export interface BuildTree {
  readonly definition: KernelDefinition;
  /** A git worktree; series are applied here. What is checked out is undefined until `checkOut`. */
  readonly tree: string;
  readonly baseCommit: string;
  readonly config: string;
  /** What a reader of its kernels should know. */
  readonly notes: readonly string[];
  /** Puts the tree at a commit, without leftovers. */
  checkOut(commit: string): Promise<void>;
  /** Whether the tree's repository has this commit. */
  hasCommit(commit: string): Promise<boolean>;
  build(request: BuildRequest): Promise<BuildResult>;
  /** Builds kselftest targets with a kernel of this tree, into the cache. Faults of `buildSelftests`. */
  buildSelftests(request: SelftestsRequest): Promise<void>;
  /** Builds ktrial's own modules for a kernel of this tree, into the cache. Faults of `buildGuestModules`. */
  buildGuestModules(request: GuestModulesRequest): Promise<void>;
  /** Compiles parts of the tree alone, for what the compiler says of them. Faults of `compilePart`. */
  compilePart(request: PartRequest): Promise<PartResult>;
  /** Runs the tree's own checkpatch. Faults of `checkStyle`. */
  checkStyle(request: StyleRequest): Promise<readonly StyleReport[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens the build tree of a kernel definition: source fetched, the definition's patches applied, configuration settled.
 * Going from one arm to the next compiles only what differs. All code of the source is executed in a sandbox. Waits while
 * another ktrial has it, or a build of a killed one still runs. What is damaged in the cache is discarded and made again:
 * first the build tree, then the source. Faults: `HOST_BAD_PATH`, those of source and configuration,
 * `KERNEL_PATCH_FAILED`, `KERNEL_NO_SANDBOX`.
 */
export async function openBuildTree(
  definition: KernelDefinition,
  options: BuildTreeOptions,
): Promise<BuildTree> {
  requireUsablePath(
    { path: options.cacheDirectory, what: 'the cache directory', setting: 'XDG_CACHE_HOME' },
    true,
  );
  const toolchain = await openToolchain(definition.toolchain, definition.arch, options);
  for (let failures = 0; ; failures += 1) {
    const source = await fetchSource(definition, options);
    // Neither patches nor fragments are in the key: a change of either compiles what it affects, in place.
    const key = digestOf(
      definition.name,
      source.key,
      definition.config.file ?? definition.config.base,
      toolchain.compiler,
      ...toolchain.makeArguments,
    ).slice(0, 32);
    const directory = join(options.cacheDirectory, 'build-trees', key);
    const lock = await takeLock(`${directory}.lock`, {
      onWait: () => options.onProgress?.(`waiting for another ktrial that builds ${definition.name}`),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    try {
      return await setUpTree({ definition, options, toolchain, source, directory, lock });
    } catch (error) {
      await using _lock = lock;
      const reason = failures === 2 ? null : await explainDamage(error, options.cacheDirectory);
      if (reason === null) throw error;
      const { loan, repository, commit } = source;
      if (loan) await requireObjects(loan, repository, commit, options.signal);
      options.onProgress?.(`${directory} is damaged, and is made again: ${reason}`);
      await rm(directory, { recursive: true, force: true });
      if (failures === 1) await discardSource(source, reason, options);
    }
  }
}

interface TreeSetup {
  readonly definition: KernelDefinition;
  readonly options: BuildTreeOptions;
  readonly toolchain: Toolchain;
  readonly source: SourceTree;
  readonly directory: string;
  readonly lock: Lock;
}

async function setUpTree(setup: TreeSetup): Promise<BuildTree> {
  const { definition, options, toolchain, source, directory, lock } = setup;
  const { signal, onProgress, cacheDirectory } = options;
  const tree = join(directory, 'linux');
  const damageMark = join(directory, 'damaged');
  if (await exists(damageMark)) throw damageFault(directory, 'git failed in it');
  await mkdir(directory, { recursive: true });
  await ensureWorktree({ directory, tree, ...source, signal, onProgress });
  const baseCommit = await applyDefinitionPatches({ definition, ...source, tree, signal, onProgress });
  const architecture = architectureOf(definition.arch);
  const makeArguments = [`ARCH=${architecture.makeArch}`, ...toolchain.makeArguments];
  const containment = await openContainment(directory, options);
  const settled = await settleConfig({
    tree,
    commit: baseCommit,
    checkOut: () => checkOut(tree, baseCommit, options),
    toolchain,
    directory: join(directory, 'config'),
    config: definition.config,
    defconfigs: architecture.defconfigs,
    makeArguments,
    containment,
    keepOpen: lock.descriptor,
    limits: options.limits,
    signal,
    onProgress,
  });
  const site = {
    definition,
    tree,
    output: join(directory, 'out'),
    seriesOutput: openSeriesOutput(join(directory, 'series'), join(directory, 'out'), signal),
    ccache: join(cacheDirectory, 'ccache', source.key),
    containment,
    config: settled.text,
    toolchain,
    architecture,
    makeArguments,
    cacheDirectory,
    lender: source.loan?.place ?? null,
    jobs: options.jobs ?? availableParallelism(),
    lock,
    signal,
    async checkOut(commit: string) {
      try {
        await checkOut(tree, commit, options);
      } catch (error) {
        const reason = await explainDamage(error, cacheDirectory);
        if (reason === null) throw error;
        if (source.loan) await requireObjects(source.loan, source.repository, commit, signal);
        await writeFile(damageMark, '');
        throw damageFault(tree, reason);
      }
    },
  };
  return {
    definition,
    tree,
    baseCommit,
    config: settled.text,
    notes: [...containment.notes, ...settled.notes],
    checkOut: site.checkOut,
    async hasCommit(commit) {
      const { exitCode } = await runGit(
        ['rev-parse', '--verify', '-q', '--end-of-options', `${commit}^{commit}`],
        { signal, cwd: tree, accept: 'any' },
      );
      if (exitCode === 0 || source.address === null) return exitCode === 0;
      return fetchNamedCommit(source.address, commit, source.repository, options);
    },
    build: (request) => buildKernel(site, request),
    buildSelftests: (request) => buildSelftests(site, request),
    buildGuestModules: (request) => buildGuestModules(site, request),
    compilePart: (request) => compilePart(site, request),
    checkStyle: (request) => checkStyle(site, request),
    [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
  };
}
