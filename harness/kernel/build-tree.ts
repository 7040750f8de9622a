// SPDX-License-Identifier: MIT
import { mkdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { digestOf, exists, type Lock, runCommand, takeLock } from '../host/index.ts';
import { type BuildResult, Fault, isFault } from '../model/index.ts';
import { architectureOf } from './arch/index.ts';
import { type BuildRequest, buildKernel } from './build.ts';
import { settleConfig } from './config.ts';
import type { KernelDefinition } from './definition.ts';
import { freeWorktree, git } from './git.ts';
import { fetchSource, type SourceOptions } from './source.ts';

export interface BuildTreeOptions extends SourceOptions {
  /** Compiler processes at once; as many as there are CPUs when absent. */
  readonly jobs?: number;
  /** Config fragments on top of the definition's own, such as the user's. */
  readonly extraFragments?: readonly string[];
}

/** A kernel tree at its base commit with a build directory beside it, ours alone until closed. */
export interface BuildTree {
  readonly definition: KernelDefinition;
  /** A git worktree; series are applied here. */
  readonly tree: string;
  readonly baseCommit: string;
  readonly config: string;
  /** Puts the tree at a commit, without leftovers. */
  checkOut(commit: string): Promise<void>;
  /** Whether the tree's repository has this commit. */
  hasCommit(commit: string): Promise<boolean>;
  build(request: BuildRequest): Promise<BuildResult>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Toolchain {
  readonly compiler: string;
  readonly linker: string;
}

async function identifyToolchain(signal?: AbortSignal): Promise<Toolchain> {
  const options = signal ? { signal } : {};
  const compiler = (await runCommand('gcc', ['--version'], options)).stdout.split('\n')[0] ?? '';
  const linker = (await runCommand('ld', ['--version'], options)).stdout.split('\n')[0] ?? '';
  return { compiler, linker };
}

/**
 * Opens the buildTree of a kernel definition: source fetched, definition's patches applied, configuration settled.
 * One output directory serves all arms, so that going from one to the next compiles only what differs.
 * A second ktrial waits for its lock. Faults: those of source and configuration, `KERNEL_PATCH_FAILED`.
 */
export async function openBuildTree(
  definition: KernelDefinition,
  options: BuildTreeOptions,
): Promise<BuildTree> {
  const toolchain = await identifyToolchain(options.signal);
  const source = await fetchSource(definition, options);
  const patchTexts = await Promise.all(definition.patches.map((path) => readFile(path, 'utf8')));
  const fragmentPaths = [...definition.config.fragments, ...(options.extraFragments ?? [])];
  // Neither patches nor fragments are in the key: a change of either compiles what it touches, in place.
  const key = digestOf(source.key, definition.config.base, toolchain.compiler).slice(0, 16);
  const directory = join(options.cacheDirectory, 'build-trees', `${definition.name}-${key}`);
  const lock = await takeLock(`${directory}.lock`, {
    onWait: () => options.onProgress?.(`waiting for another ktrial that builds ${definition.name}`),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  try {
    return await setUpTree({
      definition,
      options,
      toolchain,
      repository: source.repository,
      commit: source.commit,
      patchTexts,
      fragmentPaths,
      directory,
      lock,
    });
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

interface TreeSetup {
  readonly definition: KernelDefinition;
  readonly options: BuildTreeOptions;
  readonly toolchain: Toolchain;
  readonly repository: string;
  readonly commit: string;
  readonly patchTexts: readonly string[];
  readonly fragmentPaths: readonly string[];
  readonly directory: string;
  readonly lock: Lock;
}

async function setUpTree(wanted: TreeSetup): Promise<BuildTree> {
  const { definition, options, directory, repository } = wanted;
  const signal = options.signal ? { signal: options.signal } : {};
  const tree = join(directory, 'linux');
  const output = join(directory, 'out');
  await mkdir(output, { recursive: true });
  if (!(await exists(join(tree, '.git')))) {
    await rm(tree, { recursive: true, force: true });
    await git(['--git-dir', repository, 'worktree', 'prune'], signal);
    options.onProgress?.('checking out the source');
    await git(
      ['--git-dir', repository, 'worktree', 'add', '-q', '--detach', '-f', tree, wanted.commit],
      signal,
    );
  }
  const checkOut = async (commit: string) => {
    await freeWorktree(tree);
    await git(['am', '--abort'], { ...signal, cwd: tree, accept: 'any' });
    await git(['checkout', '-q', '--detach', '-f', commit], { ...signal, cwd: tree });
    await git(['clean', '-q', '-fdx'], { ...signal, cwd: tree });
  };
  const baseCommit = await applyDefinitionPatches(wanted, tree, checkOut);
  const architecture = architectureOf(definition.arch);
  const makeArguments = [`ARCH=${architecture.makeArch}`];
  options.onProgress?.('settling the configuration');
  const config = await settleConfig({
    tree,
    directory: join(directory, 'config'),
    base: definition.config.base,
    fragments: wanted.fragmentPaths,
    makeArguments,
    ...signal,
  });
  return {
    definition,
    tree,
    baseCommit,
    config,
    checkOut,
    async hasCommit(commit) {
      return (
        (await git(['cat-file', '-e', `${commit}^{commit}`], { ...signal, cwd: tree, accept: 'any' }))
          .exitCode === 0
      );
    },
    async build(request) {
      await checkOut(request.commit);
      return buildKernel({
        ...request,
        definition,
        tree,
        output,
        config,
        toolchain: wanted.toolchain,
        architecture,
        makeArguments,
        cacheDirectory: options.cacheDirectory,
        lock: wanted.lock,
        jobs: options.jobs ?? availableParallelism(),
        ...signal,
      });
    },
    [Symbol.asyncDispose]: () => wanted.lock[Symbol.asyncDispose](),
  };
}

async function applyDefinitionPatches(
  wanted: TreeSetup,
  tree: string,
  checkOut: (commit: string) => Promise<void>,
): Promise<string> {
  const { definition, options, repository, commit, patchTexts } = wanted;
  const signal = options.signal ? { signal: options.signal } : {};
  if (patchTexts.length === 0) {
    await checkOut(commit);
    return commit;
  }
  const name = `refs/ktrial/base-${digestOf(commit, ...patchTexts).slice(0, 40)}`;
  const known = await git(['--git-dir', repository, 'rev-parse', '--verify', '-q', name], {
    ...signal,
    accept: 'any',
  });
  if (known.exitCode === 0) {
    await checkOut(known.stdout.trim());
    return known.stdout.trim();
  }
  await checkOut(commit);
  for (const path of definition.patches) {
    options.onProgress?.(`applying ${path}`);
    try {
      await git(['am', '-q', '-3', '--no-gpg-sign', path], { ...signal, cwd: tree });
    } catch (cause) {
      if (!isFault(cause, 'HOST_COMMAND_FAILED')) throw cause;
      await checkOut(commit);
      throw new Fault({
        blame: 'request',
        code: 'KERNEL_PATCH_FAILED',
        message: `${path}, which ${definition.path} names, does not apply`,
        details: cause.details,
        next: "a kernel definition's patches must fit its source; a series under trial goes on the command line instead",
        cause,
      });
    }
  }
  const tip = (await git(['rev-parse', 'HEAD'], { ...signal, cwd: tree })).stdout.trim();
  await git(['--git-dir', repository, 'update-ref', name, tip], signal);
  return tip;
}
