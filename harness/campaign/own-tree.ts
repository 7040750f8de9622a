// SPDX-License-Identifier: MIT
import { basename, join, resolve } from 'node:path';
import { findModules } from '../kbuild/index.ts';
import { architectureOf, findShippedFragment, type KernelDefinition, layConfig } from '../kernel/index.ts';
import { DEFAULT_LIMITS, Fault, isFault, type Series } from '../model/index.ts';
import { openWorkTree, type WorkTree } from '../series/index.ts';
import { detectSubsystem } from './detect.ts';
import type { CodeForecast } from './foresee-code.ts';
import { type InputPlace, readSeriesArgument, withConfigArguments } from './inputs.ts';

/** What a command asks of a kernel tree for which no definition is named. */
export interface OwnTreeOptions {
  readonly repository: string | undefined;
  readonly base: string | undefined;
  /** Values of `--config`. */
  readonly config: readonly string[];
  /** Whether the branch is compared with its base, or its end alone is wanted. */
  readonly wants: 'comparison' | 'tip';
}

/** A kernel tree of the user's: what is put on trial, the definition that it amounts to, and what is known of both. */
export interface OwnTree {
  readonly series: Series | null;
  readonly kernel: KernelDefinition;
  /** What was chosen for the user, each a sentence. */
  readonly notes: readonly string[];
  readonly forecast: CodeForecast;
  /** Modules that the series changes. */
  readonly modules: readonly string[];
}

/**
 * Makes a request of the kernel tree that the user is in: its branch against its base, a range of it, or a mailbox on top of
 * it. Faults, all of the request: `CAMPAIGN_NO_KERNEL` outside of a kernel tree, `CAMPAIGN_NO_BASE`, those of
 * `openWorkTree`, `chooseUpstream`, `readSeriesArgument` and `withConfigArguments`.
 */
export async function readOwnTree(
  seriesArg: string | undefined,
  options: OwnTreeOptions,
  place: InputPlace,
): Promise<OwnTree> {
  await using tree = await openKernelTree(options, place);
  const chosen = await chooseSeries(seriesArg, options, tree, place);
  const plain = await defineKernel(tree, chosen.base, place);
  const asked = await withConfigArguments(plain, options.config, place);
  const found = await detectSubsystem(chosen, asked, tree, place);
  const detected = Object.fromEntries(found.options);
  const kernel = { ...asked, config: { ...asked.config, detected } };
  const modules = findModules(found.changed, found.values);
  const { series } = chosen;
  return {
    series,
    kernel,
    forecast: { changed: found.changed, values: found.values },
    modules,
    notes: [
      `the kernel is that of ${tree.top}, without a definition`,
      ...chosen.notes,
      ...describeDetected(detected),
    ],
  };
}

function describeDetected(options: Readonly<Record<string, string>>): string[] {
  const text = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  return text.length === 0 ? [] : [`so that what is changed gets compiled: ${text.join(' ')}`];
}

/** Opens the kernel tree that the user is in. Fault `CAMPAIGN_NO_KERNEL` (request) where there is none. */
async function openKernelTree(options: OwnTreeOptions, place: InputPlace): Promise<WorkTree> {
  const directory = resolve(place.workingDirectory, options.repository ?? '.');
  const tree = await openWorkTree(directory, place.signal).catch((cause: unknown) => {
    if (isFault(cause, 'HOST_NO_REPOSITORY') && options.repository === undefined)
      throw noKernel(`${directory} is in no git repository`, cause);
    throw cause;
  });
  const makefile = await tree.ask('cat-file', 'blob', `${tree.tip}:Makefile`);
  const kconfig = await tree.ask('cat-file', '-e', `${tree.tip}:Kconfig`);
  if (/^PATCHLEVEL\s*=/m.test(makefile.stdout) && kconfig.exitCode === 0) return tree;
  await tree[Symbol.asyncDispose]();
  throw noKernel(`${tree.top} is no kernel tree`);
}

function noKernel(why: string, cause?: unknown): Fault {
  return new Fault({
    blame: 'request',
    code: 'CAMPAIGN_NO_KERNEL',
    message: `no kernel is named, and ${why}`,
    next: 'add --kernel NAME (`ls kernels/*.yaml` shows those that ktrial ships), go to a kernel tree in git, or name it: --repository ~/linux',
    cause,
  });
}

/** What is put on trial, and what it stands on. */
export interface ChosenSeries {
  readonly series: Series | null;
  /** A commit. */
  readonly base: string;
  /** The commit that has all of the series; null where it is a mailbox, which is applied to `base`. */
  readonly tip: string | null;
  readonly notes: readonly string[];
}

async function chooseSeries(
  seriesArg: string | undefined,
  options: OwnTreeOptions,
  tree: WorkTree,
  place: InputPlace,
): Promise<ChosenSeries> {
  const { limits = DEFAULT_LIMITS } = place;
  const named = options.base === undefined ? null : await requireCommit(options.base, tree);
  const short = (commit: string) => commit.slice(0, 12);
  const left =
    tree.uncommitted.length === 0
      ? []
      : [`changes that are not committed (${listFiles(tree.uncommitted)}) are left out`];
  if (seriesArg !== undefined) {
    const isRange = seriesArg.includes('..');
    const given = await readSeriesArgument(seriesArg, isRange ? tree.top : undefined, place);
    if (isRange && given.baseCommit !== null && given.origin === seriesArg) {
      if (named !== null)
        throw new Fault({
          blame: 'request',
          code: 'CAMPAIGN_BASE_TWICE',
          message: `got --base ${options.base} with the range ${seriesArg}, which says itself where it begins`,
          next: 'leave --base out',
        });
      const tip = await tree.resolve(seriesArg.replace(/^.*\.\./, '') || 'HEAD');
      const base = given.baseCommit;
      return {
        series: given,
        base,
        tip,
        notes: [`the base is ${short(base)}, where the range begins`, ...left],
      };
    }
    const base = named ?? tree.head;
    const words =
      named === null ? `the base is HEAD, ${short(base)}` : `the base is ${short(base)}, by --base`;
    const other =
      given.baseCommit !== null && given.baseCommit !== base
        ? [`the series names the base-commit ${short(given.baseCommit)}, which was not used`]
        : [];
    return { series: { ...given, baseCommit: null }, base, tip: null, notes: [words, ...other, ...left] };
  }
  const fresh =
    tree.uncommitted.length === 0
      ? []
      : [`changes that are not committed are one further patch: ${listFiles(tree.uncommitted)}`];
  const where = tree.branch === null ? 'HEAD, which is on no branch' : `the branch ${tree.branch}`;
  if (options.wants === 'tip' && named !== null)
    return {
      series: null,
      base: named,
      tip: named,
      notes: [`the commit is ${short(named)}, by --base`, ...left],
    };
  if (options.wants === 'tip') {
    const series =
      tree.tip === tree.head ? null : await tree.readSeries(`${tree.head}..${tree.tip}`, where, limits);
    const { head: base, tip } = tree;
    return { series, base, tip, notes: [`the commit is ${short(base)}, the end of ${where}`, ...fresh] };
  }
  const { base, notes } = await chooseBranchBase(named, options.base, tree);
  const series = await tree.readSeries(`${base}..${tree.tip}`, where, limits);
  return { series, base, tip: tree.tip, notes: [`on trial is ${where}`, ...notes, ...fresh] };
}

async function chooseBranchBase(named: string | null, asked: string | undefined, tree: WorkTree) {
  if (named === null) {
    const { base, name, passedOver } = await tree.chooseUpstream();
    return {
      base,
      notes: [
        `the base is ${base.slice(0, 12)}, the merge base with ${name}`,
        ...(passedOver.length === 0 ? [] : [`looked for before that: ${passedOver.join('; ')}`]),
      ],
    };
  }
  const { exitCode, stdout } = await tree.ask('merge-base', named, tree.head);
  const base = stdout.trim();
  if (exitCode !== 0 || base === '')
    throw noBase(
      `${asked} and HEAD have no common ancestor${tree.isShallow ? ' in this shallow clone' : ''}`,
      tree.isShallow ? 'fetch the history: git fetch --unshallow' : 'name a commit below HEAD',
    );
  if (base === tree.tip)
    throw noBase(`HEAD has no commit after ${asked}, and no tracked file is changed`, 'name an older commit');
  const how = base === named ? 'by --base' : `the merge base with ${asked}`;
  return { base, notes: [`the base is ${base.slice(0, 12)}, ${how}`] };
}

async function requireCommit(name: string, tree: WorkTree): Promise<string> {
  const commit = await tree.resolve(name);
  if (commit !== null) return commit;
  throw noBase(
    `${tree.top} has no commit ${name}${tree.isShallow ? ': it is a shallow clone, and older commits and tags are not in it' : ''}`,
    tree.isShallow
      ? 'fetch the history: git fetch --unshallow'
      : 'name a commit, branch or tag that git knows',
  );
}

function noBase(message: string, next: string): Fault {
  return new Fault({ blame: 'request', code: 'CAMPAIGN_NO_BASE', message, next });
}

const NAMED = 5;

function listFiles(files: readonly string[]): string {
  const more = files.length > NAMED ? ` and ${files.length - NAMED} more` : '';
  return `${files.slice(0, NAMED).join(', ')}${more}`;
}

/** The definition that a kernel tree amounts to. */
async function defineKernel(tree: WorkTree, base: string, place: InputPlace): Promise<KernelDefinition> {
  const arch = 'x86_64';
  architectureOf(arch);
  const kernelsDirectory = join(place.root, 'kernels');
  const fragments = [];
  for (const name of OWN_FRAGMENTS)
    fragments.push(...(await findShippedFragment(name, arch, kernelsDirectory)));
  const plain = { base: 'defconfig', file: null, fragments: [], options: {} };
  const layer = { file: null, fragments, options: {} };
  return {
    name: nameOf(tree.top),
    description: `the kernel tree ${tree.top}`,
    arch,
    source: { git: { repository: tree.top, ref: base } },
    config: await layConfig(plain, layer, place),
    toolchain: 'gcc',
    patches: [],
    modules: true,
    path: null,
  };
}

/** What is put on `defconfig`. */
export const OWN_FRAGMENTS = ['ktrial/machine', 'ktrial/reduced'];

/** A name for the definition of a tree, from that of its directory. */
export function nameOf(top: string): string {
  const name = basename(top)
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 60);
  return name === '' ? 'linux' : name;
}
