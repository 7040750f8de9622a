// SPDX-License-Identifier: MIT
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bakeL2Root, findL2Init, findStoredImage, saveL2State } from '../image/index.ts';
import {
  findStoredGuestModule,
  findStoredKernel,
  findStoredSelftests,
  readStoredKernel,
} from '../kernel/index.ts';
import type { Architecture, Kernel, TrialRunner } from '../model/index.ts';
import { type ArtifactResolver, createTrialRunner, type Keeper, type L2Images } from '../trial/index.ts';
import { type Accelerator, type MachineStarter, probeAccelerator, type TemplateStore } from '../vm/index.ts';
import type { Context } from './context.ts';

/** For machines of a kernel: KVM where one has really run under it, else TCG. */
export async function chooseAccelerator(
  context: Context,
  { arch, bootImage }: Pick<Kernel, 'arch' | 'bootImage'>,
): Promise<Accelerator> {
  const { cacheDirectory, signal } = context;
  return probeAccelerator({ cacheDirectory, arch, bootImage, signal });
}

/** The same for machines of an architecture, tried with the newest kernel that was built for it. */
export async function chooseAcceleratorOf(arch: Architecture, context: Context): Promise<Accelerator> {
  const { cacheDirectory, signal } = context;
  const bootImage = await findNewestKernel(arch, cacheDirectory);
  return probeAccelerator({ cacheDirectory, arch, bootImage, signal });
}

async function findNewestKernel(arch: Architecture, cacheDirectory: string): Promise<string | null> {
  const store = join(cacheDirectory, 'kernels');
  const built: { readonly directory: string; readonly at: number }[] = [];
  for (const digest of await readdir(store).catch(() => [])) {
    const directory = join(store, digest);
    const there = await stat(join(directory, 'boot')).catch(() => null);
    if (there) built.push({ directory, at: there.mtimeMs });
  }
  for (const { directory } of built.sort((a, b) => b.at - a.at)) {
    const kernel = await readStoredKernel(directory);
    if (kernel?.arch === arch) return kernel.bootImage;
  }
  return null;
}

/** The image recipe that machines boot from. */
export function imageRecipe(context: Context): string {
  return join(context.root, 'images', 'guest.yaml');
}

/** The kernels and images in this computer's cache. */
function resolverOf(context: Context): ArtifactResolver {
  return {
    kernel: (digest) => findStoredKernel(context.cacheDirectory, digest),
    image: (digest) => findStoredImage(context.cacheDirectory, digest),
    selftests: (kernel, target) => findStoredSelftests(context.cacheDirectory, kernel, target),
    guestModule: (kernel, module) =>
      findStoredGuestModule(context.cacheDirectory, join(context.root, 'kernels/modules'), kernel, module),
  };
}

/** What a runner needs beside the context. */
interface RunnerParts {
  readonly directory: string;
  readonly mirror: string | null;
  readonly templates: TemplateStore;
  readonly starter: MachineStarter;
  readonly keeper: Keeper | null;
}

/** A runner that starts machines on this computer: clones of templates where a trial allows them. The accelerator is probed once, by the first trial's kernel. */
export function assembleRunner(
  context: Context,
  { directory, mirror, templates, starter, keeper }: RunnerParts,
): TrialRunner {
  let accelerator: Promise<Accelerator> | null = null;
  const artifacts = resolverOf(context);
  const l2Images = openL2Images(context, mirror ?? undefined);
  return async (spec, listen, signal) => {
    accelerator ??= artifacts
      .kernel(spec.kernel.digest)
      .then((kernel) =>
        kernel ? chooseAccelerator(context, kernel) : chooseAcceleratorOf(spec.kernel.arch, context),
      );
    const run = createTrialRunner({
      artifacts,
      directory,
      limits: context.limits,
      accelerator: await accelerator,
      l2Images,
      templates,
      starter,
      ...(keeper ? { keeper } : {}),
    });
    return run(spec, listen, signal);
  };
}

function openL2Images({ root, cacheDirectory }: Context, mirror: string | undefined): L2Images {
  const states = new Map<string, ReturnType<typeof saveL2State>>();
  return {
    bakeRoot: async (name, signal) =>
      bakeL2Root(await findL2Init(join(root, 'images'), name), {
        cacheDirectory,
        signal,
        ...(mirror ? { mirror } : {}),
      }),
    async saveState(vm, signal) {
      const key = JSON.stringify(vm);
      // Made once per process: trials with the same VM share the promise.
      const state = states.get(key) ?? saveL2State(vm, { cacheDirectory, signal });
      states.set(key, state);
      return state.catch((error: unknown) => {
        if (signal.aborted) states.delete(key);
        throw error;
      });
    },
  };
}
