// SPDX-License-Identifier: MIT
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bakeL2Root, findL2Init, findStoredImage } from '../image/index.ts';
import { findStoredKernel, findStoredSelftests } from '../kernel/index.ts';
import type { TrialRunner } from '../model/index.ts';
import { type ArtifactResolver, createTrialRunner } from '../trial/index.ts';
import { type Accelerator, probeAccelerator, type TemplateStore } from '../vm/index.ts';
import type { Context } from './context.ts';

/** KVM where a kernel of ours has really run under it, else TCG. */
export async function chooseAccelerator(context: Context, bootImage?: string): Promise<Accelerator> {
  return probeAccelerator({
    cacheDirectory: context.cacheDirectory,
    bootImage: bootImage ?? (await findNewestKernel(context.cacheDirectory)),
    signal: context.signal,
  });
}

async function findNewestKernel(cacheDirectory: string): Promise<string | null> {
  const store = join(cacheDirectory, 'kernels');
  let newest: { readonly path: string; readonly at: number } | null = null;
  for (const digest of await readdir(store).catch(() => [])) {
    const path = join(store, digest, 'boot');
    const there = await stat(path).catch(() => null);
    if (there && (newest === null || there.mtimeMs > newest.at)) newest = { path, at: there.mtimeMs };
  }
  return newest?.path ?? null;
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
  };
}

/** A runner that starts machines on this computer: clones of templates where a store is given and a trial allows them. The accelerator is probed once, by the first trial's kernel. */
export function assembleRunner(
  context: Context,
  directory: string,
  mirror: string | undefined,
  templates: TemplateStore | null,
): TrialRunner {
  let accelerator: Promise<Accelerator> | null = null;
  const artifacts = resolverOf(context);
  return async (spec, listen, signal) => {
    accelerator ??= artifacts
      .kernel(spec.kernel.digest)
      .then((kernel) => chooseAccelerator(context, kernel?.bootImage));
    const run = createTrialRunner({
      artifacts,
      directory,
      limits: context.limits,
      accelerator: await accelerator,
      bakeL2Root: (name, abort) => bakeL2(name, context, mirror, abort),
      ...(templates ? { templates } : {}),
    });
    return run(spec, listen, signal);
  };
}

async function bakeL2(
  name: string,
  context: Context,
  mirror: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const init = await findL2Init(join(context.root, 'images'), name);
  return bakeL2Root(init, { cacheDirectory: context.cacheDirectory, signal, ...(mirror ? { mirror } : {}) });
}
