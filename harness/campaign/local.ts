// SPDX-License-Identifier: MIT
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../host/index.ts';
import { bakeImage, findStoredImage } from '../image/index.ts';
import {
  type BuildTree,
  findStoredGuestModule,
  findStoredKernel,
  findStoredSelftests,
  openBuildTree,
  readKernelDefinition,
} from '../kernel/index.ts';
import {
  type ArmBuild,
  type ArmState,
  type CampaignState,
  type Diagnostic,
  Fault,
  identifyKernel,
  type TrialRunner,
} from '../model/index.ts';
import { applySeries } from '../series/index.ts';
import { type ArmBuilder, openArmBuilder, plannedSelftests, requireBuild } from './arms.ts';
import { chooseBase } from './base.ts';
import { describeBuildFiles } from './build-files.ts';
import { openLineNamer } from './name-lines.ts';
import { plannedGuestModules } from './needs.ts';
import type { Application, Performer, Progress } from './performer.ts';
import type { ArmsRequest, Place } from './request.ts';
import { performStaticTrial } from './static/perform.ts';
import { subjectOf } from './static/subject.ts';

/** What a local performer works with. */
export interface LocalLab {
  readonly place: Place;
  /** Path of the image recipe. */
  readonly image: string;
  /** The run's directory; null for commands that only build. */
  readonly runDirectory: string | null;
  readonly runTrial: TrialRunner;
  /** Aborted by the user. */
  readonly signal: AbortSignal;
}

/** Performs a campaign on this computer: git, the compiler, and machines by the runner given. */
export function openLocalPerformer(request: ArmsRequest, lab: LocalLab): Performer {
  return new LocalPerformer(request, lab);
}

class LocalPerformer implements Performer {
  readonly runTrial: TrialRunner;
  readonly #request: ArmsRequest;
  readonly #lab: LocalLab;
  readonly #lines;
  #tree: BuildTree | null = null;
  /** The repository of this campaign's commits, from when it was first opened. */
  #source: string | null = null;
  #builder: ArmBuilder | null = null;
  /** The end of the last static trial. */
  #static: Promise<unknown> = Promise.resolve();
  /** What static trials compiled before. */
  readonly #compiled = new Map<string, readonly Diagnostic[]>();

  constructor(request: ArmsRequest, lab: LocalLab) {
    this.#request = request;
    this.#lab = lab;
    this.runTrial = lab.runTrial;
    this.#lines = openLineNamer((digest) => this.#findKernelHere(digest));
  }

  async apply(progress: Progress, signal: AbortSignal): Promise<Application> {
    const { series } = this.#request;
    const tree = await this.#openTree(progress, signal);
    const base = await chooseBase(this.#request, tree);
    const notes = [
      ...this.#request.notes,
      ...(series?.notes ?? []),
      ...describeBuildFiles(series),
      ...tree.notes,
      ...base.notes,
    ];
    const config = digestOf(tree.config);
    if (this.#lab.runDirectory) await writeFile(join(this.#lab.runDirectory, 'kernel.config'), tree.config);
    if (!series) return { ok: true, base: base.commit, config, patches: [], notes };
    progress(`applying ${series.patches.length} patches`);
    await tree.checkOut(base.commit);
    const { ok, patches, ...result } = await applySeries(series, tree.tree, { signal });
    if (!ok && 'conflict' in result) {
      // A directory, an archive and a Debian package are one commit.
      const canChooseBase = 'git' in this.#request.kernel.source;
      const { conflict } = result;
      return { ok, rejection: { kind: 'conflict', conflict, applied: patches, canChooseBase }, notes };
    }
    for (const patch of patches) {
      if (patch.how === 'threeWay')
        notes.push(`patch ${patch.number} did not apply as it is and was merged three ways`);
      if (patch.how === 'reducedContext')
        notes.push(`patch ${patch.number} was applied with reduced context: check the result`);
    }
    return { ok: true, base: base.commit, config, patches, notes };
  }

  async buildArm(
    arm: Parameters<Performer['buildArm']>[0],
    state: CampaignState,
    progress: Progress,
    signal: AbortSignal,
  ) {
    const tree = await this.#openTree(progress, signal);
    await this.#requireSame(state, tree, signal);
    this.#builder ??= openArmBuilder(tree, {
      moduleSources: this.#moduleSources,
      coverage: this.#request.coverage === true,
    });
    const outcome = await this.#builder.build(arm, state, progress);
    const isBuilt = ({ name, status }: ArmState) =>
      name === arm.name || status === 'built' || status === 'failed';
    // Another ktrial, and a kernel for a VM inside the guest from the same tree, wait until it is closed.
    if (state.arms.every(isBuilt)) await this.#closeTree();
    return outcome;
  }

  async buildL2(name: string, progress: Progress, signal: AbortSignal) {
    const definition = await readKernelDefinition(name, join(this.#lab.place.root, 'kernels'));
    await using tree = await openBuildTree(definition, { ...this.#options(signal), onProgress: progress });
    return identifyKernel(
      requireBuild(await tree.build({ commit: tree.baseCommit, onProgress: progress }), name),
    );
  }

  async makeImage(progress: Progress, signal: AbortSignal) {
    const { digest, name } = await bakeImage(this.#lab.image, this.#request.kernel.arch, {
      ...this.#options(signal),
      onProgress: progress,
    });
    return { digest, name };
  }

  nameLines(...args: Parameters<Performer['nameLines']>) {
    return this.#lines.name(...args);
  }

  /** One after the other: they share the build tree. It is open only as long as one needs it. */
  runStatic(...[trial, state, signal]: Parameters<Performer['runStatic']>) {
    const run = async () => {
      try {
        return await performStaticTrial(
          subjectOf(trial, state),
          {
            openTree: async () => {
              const tree = await this.#openTree(() => {}, signal);
              await this.#requireSame(state, tree, signal);
              return tree;
            },
            findKernel: (digest) => this.#findKernel(digest),
            compiled: this.#compiled,
            signal,
          },
          () => new Date(),
        );
      } finally {
        await this.#closeTree();
      }
    };
    const mine = this.#static.then(run, run);
    this.#static = mine.catch(() => {});
    return mine;
  }

  async clearTrial(id: string): Promise<void> {
    const { runDirectory } = this.#lab;
    if (runDirectory) await rm(join(runDirectory, id), { recursive: true, force: true });
  }

  async findLost(state: CampaignState): Promise<readonly string[]> {
    const lost: string[] = [];
    const kernels = [
      ...state.arms.flatMap((arm) => (arm.kernel ? [arm.kernel] : [])),
      ...Object.values(state.l2),
    ];
    for (const { digest } of kernels) if (!(await this.#findKernel(digest))) lost.push(digest);
    for (const { kernel, build } of state.arms)
      if (kernel && !(await this.#hasExtras(kernel.digest, state, build?.unmet))) lost.push(kernel.digest);
    const { image } = state;
    if (image && !(await findStoredImage(this.#lab.place.cacheDirectory, image.digest)))
      lost.push(image.digest);
    return lost;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines[Symbol.asyncDispose]();
    await this.#closeTree();
  }

  #findKernel(digest: string) {
    return findStoredKernel(this.#lab.place.cacheDirectory, digest);
  }

  /** A stored kernel may have been built in a tree that is gone; its commits are in the one that is open. */
  async #findKernelHere(digest: string) {
    const kernel = await this.#findKernel(digest);
    return kernel && this.#source !== null ? { ...kernel, source: this.#source } : kernel;
  }

  get #moduleSources(): string {
    return join(this.#lab.place.root, 'kernels/modules');
  }

  /** Whether what was built beside a kernel is there: selftests, and ktrial's own modules. */
  async #hasExtras(kernel: string, state: CampaignState, unmet: ArmBuild['unmet']): Promise<boolean> {
    const { cacheDirectory } = this.#lab.place;
    for (const target of plannedSelftests(state))
      if ((await findStoredSelftests(cacheDirectory, kernel, target)) === null) return false;
    for (const module of plannedGuestModules(state, unmet)) {
      const sources = this.#moduleSources;
      if ((await findStoredGuestModule(cacheDirectory, sources, kernel, module)) === null) return false;
    }
    return true;
  }

  #options(signal: AbortSignal) {
    const { mirror, allowUnsandboxed } = this.#request;
    const { cacheDirectory, limits } = this.#lab.place;
    return { cacheDirectory, limits, allowUnsandboxed, signal, ...(mirror === null ? {} : { mirror }) };
  }

  async #openTree(progress: Progress, signal: AbortSignal): Promise<BuildTree> {
    this.#tree ??= await openBuildTree(this.#request.kernel, {
      ...this.#options(signal),
      checks: this.#request.checks,
      onProgress: progress,
    });
    this.#source = this.#tree.tree;
    return this.#tree;
  }

  async #closeTree(): Promise<void> {
    await this.#tree?.[Symbol.asyncDispose]();
    this.#tree = null;
    this.#builder = null;
  }

  /** A resumed campaign goes on only with the source and configuration that it began with. */
  async #requireSame(state: CampaignState, tree: BuildTree, signal: AbortSignal): Promise<void> {
    if (state.config !== null && digestOf(tree.config) !== state.config)
      throw new Fault({
        blame: 'request',
        code: 'CAMPAIGN_CONFIG_CHANGED',
        message: `the configuration of ${this.#request.kernel.name} is not the one that this campaign began with`,
        next: `start a new run: ${state.request.repeat}`,
      });
    const tip = state.applied?.at(-1)?.commit;
    const { series } = this.#request;
    if (tip === undefined || series === null || (await tree.hasCommit(tip))) return;
    // The tree was made again: the same patches give the same commits.
    await tree.checkOut(state.base ?? tree.baseCommit);
    await applySeries(series, tree.tree, { signal });
  }
}
