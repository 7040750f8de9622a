// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { bakeImage } from '../image/index.ts';
import { type BuildTree, openBuildTree, readKernelDefinition } from '../kernel/index.ts';
import type { Image, Kernel } from '../model/index.ts';
import { type Accelerator, probeAccelerator } from '../vm/index.ts';

/** What benches measure with. Kernel, image and accelerator are made on first use, outside of any measurement. */
export interface Lab {
  /** The project's own files. */
  readonly root: string;
  readonly cacheDirectory: string;
  /** A directory for this run of the benches, removed at the end. */
  readonly scratch: string;
  /** The kernel definition that machines boot and builds build. */
  readonly kernelName: string;
  readonly signal: AbortSignal;
  say(text: string): void;
  /** How often to measure: as `--iterations` says, else as usual. */
  count(usual: number): number;
  /** Opens the build tree of a definition, in the cache or in another cache directory. */
  openBuildTree(name: string, cacheDirectory?: string, withoutSandbox?: boolean): Promise<BuildTree>;
  kernel(): Promise<Kernel>;
  image(): Promise<Image>;
  accelerator(): Promise<Accelerator>;
}

export type LabSettings = Pick<
  Lab,
  'root' | 'cacheDirectory' | 'scratch' | 'kernelName' | 'signal' | 'say'
> & {
  readonly iterations: number | null;
};

/** Opens the lab. Nothing is built yet. */
export function openLab(settings: LabSettings): Lab {
  const { root, cacheDirectory, signal, say, kernelName } = settings;
  const buildOptions = { cacheDirectory, signal, onProgress: () => {} };
  const open = async (name: string, elsewhere?: string, withoutSandbox = false) =>
    openBuildTree(await readKernelDefinition(name, join(root, 'kernels')), {
      ...buildOptions,
      withoutSandbox,
      ...(elsewhere ? { cacheDirectory: elsewhere } : {}),
    });
  const kernel = once(async () => {
    say(`building ${kernelName}, unless it is in the cache`);
    await using buildTree = await open(kernelName);
    const built = await buildTree.build({ commit: buildTree.baseCommit });
    if (!built.ok)
      throw new Error(`the kernel ${kernelName} does not compile: ${built.logTail.at(-1) ?? ''}`);
    return built.kernel;
  });
  const image = once(async () =>
    bakeImage(join(root, 'images/guest.yaml'), (await kernel()).arch, buildOptions),
  );
  const accelerator = once(async () => {
    const { arch, bootImage } = await kernel();
    return probeAccelerator({ cacheDirectory, arch, bootImage, signal });
  });
  return {
    ...settings,
    count: (usual) => settings.iterations ?? usual,
    openBuildTree: open,
    kernel,
    image,
    accelerator,
  };
}

/** A function that does its work on the first call only. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
